import type { FastifyInstance, FastifyReply } from 'fastify'
import { type ApiError, ERROR } from '../api/error.js'
import { TARGETS_PATH, WHAT_IF_PATH } from '../api/paths.js'
import { ANSWER, QUESTION, type WhatIfAnswer, type WhatIfQuestion } from '../api/what-if.js'
import type { TargetAnswer } from '../what-if/target-question.js'
import { describeRoute } from './described-route.js'

export type AskWhatIf = (question: WhatIfQuestion) => Promise<TargetAnswer>

interface Replies {
  Reply: { 200: WhatIfAnswer; '4xx': ApiError; 503: ApiError }
}

const RETRY_SECONDS = 5
/** Questions of one address. */
const QUESTIONS_PER_MINUTE = 20

export function addWhatIfRoute(api: FastifyInstance, ask: AskWhatIf): void {
  api.get<{ Querystring: WhatIfQuestion } & Replies>(
    WHAT_IF_PATH,
    {
      ...describeRoute({
        summary: 'What if a target had other CPUs, other clients, or held its bottleneck for a shorter time',
        querystring: QUESTION,
        response: {
          200: ANSWER,
          ...Object.fromEntries([400, 404, 422, 429, 503].map((code) => [code, ERROR])),
        },
      }),
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
      const answered = await ask(query)
      switch (answered.ok) {
        case true:
          return reply.code(200).send(answered.answer)
        case false:
          return reply.code(422).send({ error: answered.problem })
        case 'unknown-target':
          return reply.code(404).send({ error: `no such target now: GET ${TARGETS_PATH} lists them` })
        case 'busy':
          return unavailable(reply, 'another question is being answered: try again in a moment')
        case 'given-up':
          return unavailable(reply, answered.problem)
      }
    },
  )
}

function unavailable(reply: FastifyReply<Replies>, error: string) {
  return reply.header('retry-after', RETRY_SECONDS).code(503).send({ error })
}
