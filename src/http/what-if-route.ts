import type { FastifyInstance, FastifyReply } from 'fastify'
import type { PoolAnswer } from '../what-if/what-if-pool.js'
import { ANSWER, ERROR, QUESTION } from './api-schemas.js'

/** What is asked about a target; numbers that are left out are undefined. */
export interface WhatIfQuery {
  readonly target: string
  readonly cpus: number | undefined
  readonly clients: number | undefined
  readonly holdTimeCut: number | undefined
  readonly clientsNow: number | undefined
  readonly thinkSeconds: number | undefined
  readonly demandSeconds: number | undefined
  readonly throughput: number | undefined
}

export type AskWhatIf = (query: WhatIfQuery) => Promise<PoolAnswer | { readonly ok: 'unknown-target' }>

type RawQuery = { readonly [K in keyof WhatIfQuery]?: string }

const RETRY_SECONDS = 5
/** Questions of one address. */
const QUESTIONS_PER_MINUTE = 20

export function addWhatIfRoute(api: FastifyInstance, ask: AskWhatIf): void {
  api.get<{ Querystring: RawQuery }>(
    '/api/v1/what-if',
    {
      schema: {
        summary:
          'What if a target had other CPUs, other clients, or held its bottleneck lock for a shorter time',
        querystring: QUESTION,
        response: {
          200: ANSWER,
          ...Object.fromEntries([400, 404, 422, 429, 503].map((code) => [code, ERROR])),
        },
      },
      config: {
        rateLimit: {
          max: QUESTIONS_PER_MINUTE,
          timeWindow: '1 minute',
          errorResponseBuilder: (_, { after }) => ({
            statusCode: 429,
            error: `too many questions: try again in ${after}`,
          }),
        },
      },
    },
    async ({ query }, reply) => {
      const answered = await ask(parseQuery(query))
      switch (answered.ok) {
        case true:
          return answered.answer
        case false:
          return reply.code(422).send({ error: answered.problem })
        case 'unknown-target':
          return reply.code(404).send({ error: 'no such target now: GET /api/v1/targets lists them' })
        case 'busy':
          return unavailable(reply, 'another question is being answered: try again in a moment')
        case 'given-up':
          return unavailable(reply, 'the answer took too long: ask with fewer clients')
      }
    },
  )
}

function unavailable(reply: FastifyReply, error: string): FastifyReply {
  return reply.code(503).header('retry-after', RETRY_SECONDS).send({ error })
}

/** The schema has seen to it that numbers are numbers. */
function parseQuery(query: RawQuery): WhatIfQuery {
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text))
  return {
    target: query.target ?? '',
    cpus: number(query.cpus),
    clients: number(query.clients),
    holdTimeCut: number(query.holdTimeCut),
    clientsNow: number(query.clientsNow),
    thinkSeconds: number(query.thinkSeconds),
    demandSeconds: number(query.demandSeconds),
    throughput: number(query.throughput),
  }
}
