export const TARGETS_PATH = '/api/v1/targets'
export const WHAT_IF_PATH = '/api/v1/what-if'
export const DEPLOYS_PATH = '/api/v1/deploys'
export const OPENAPI_PATH = '/api/v1/openapi.json'
