import type { FastifyInstance } from 'fastify'

/** What is served, learned from the routes as they are added. */
export interface ServedPaths {
  /** Paths without parameters, in the order in which they were added. */
  list(): readonly string[]
  /** @param path Without its query. */
  methodsOf(path: string): readonly string[]
}

/** Of paths with parameters, and of those that lead nowhere. */
const READING = ['GET', 'HEAD']

/** @param app Without any route yet. */
export function learnServedPaths(app: FastifyInstance): ServedPaths {
  const methods = new Map<string, readonly string[]>()
  app.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()])
  })
  return {
    list: () => [...methods.keys()].filter((path) => !/[:*]/.test(path)),
    methodsOf: (path) => methods.get(path) ?? READING,
  }
}
