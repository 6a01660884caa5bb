import type { RouteShorthandOptions } from 'fastify'
import { check, describeSchema, type RequestSchema, type Schema } from '../api/schema.js'

/** Parts of a request that are checked. */
interface RequestSchemas {
  readonly body?: RequestSchema
  readonly querystring?: RequestSchema
  readonly params?: RequestSchema
}

interface RouteDescription extends RequestSchemas {
  readonly summary: string
  /** Whether a token or a user is needed. */
  readonly isSecured?: boolean
  /** By status. */
  readonly response: Readonly<Record<number, Schema>>
}

/** Names of the security schemes in the OpenAPI document. */
export const TOKEN_SCHEME = 'token'
export const USER_SCHEME = 'user'

/** What a part is called in a message to the client. */
const PART_NAMES = { body: 'body', querystring: 'query', params: 'path' } as const

/** Options of a route that checks what is asked, writes what is answered and is described, all by the same schemas. */
export function describeRoute({ summary, isSecured, response, ...request }: RouteDescription) {
  return {
    schema: {
      summary,
      ...(isSecured ? { security: [{ [TOKEN_SCHEME]: [] }, { [USER_SCHEME]: [] }] } : {}),
      ...mapValues(request, (schema) => describeSchema(schema, 'request')),
      response: mapValues(response, (schema) => describeSchema(schema, 'response')),
    },
    validatorCompiler: ({ httpPart }) => createValidator(request, httpPart as keyof RequestSchemas),
  } satisfies RouteShorthandOptions
}

function createValidator(request: RequestSchemas, part: keyof RequestSchemas) {
  const schema = request[part]
  return (data: unknown) => {
    if (schema === undefined) return { value: data }
    const checked = check(schema, data, PART_NAMES[part])
    return checked.ok ? { value: checked.value } : { error: new Error(checked.problem) }
  }
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => object) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
