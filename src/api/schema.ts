import { z } from 'zod'

export type Schema = z.ZodType
/** Of a part of a request. */
export type RequestSchema = z.ZodObject

type Immutable<T> = T extends string | number | boolean | undefined
  ? T
  : { readonly [Key in keyof T]: Immutable<T[Key]> }

/** What may be written by a schema. */
export type Written<S extends Schema> = Immutable<z.input<S>>
/** What is known of a text that was read by a schema. */
export type Read<S extends Schema> = Immutable<z.output<S>>

export type Checked<S extends Schema> =
  | { readonly ok: true; readonly value: z.output<S> }
  /** @property problem In one line: the field, what is expected, what there is. */
  | { readonly ok: false; readonly problem: string }

/** @param where What `data` is, in the words of the problem: body, query. */
export function check<S extends RequestSchema>(schema: S, data: unknown, where: string): Checked<S> {
  const parsed = schema.safeParse(data)
  if (parsed.success) return { ok: true, value: parsed.data }
  const [issue] = parsed.error.issues
  if (issue?.code === 'unrecognized_keys') {
    const known = Object.keys(schema.shape).join(', ')
    return { ok: false, problem: `${where}: unknown field ${quote(issue.keys[0])}; known are ${known}` }
  }
  return { ok: false, problem: `${[where, ...(issue?.path ?? [])].join('.')}: ${issue?.message}` }
}

/** Reads an answer of another version, too: fields that are not known here are left out. Undefined: it is none. */
export function read<S extends Schema>(schema: S, data: unknown): Read<S> | undefined {
  return schema.safeParse(data).data as Read<S> | undefined
}

/** The wording of a refused field: what is expected, what there is. */
export function expected(what: string) {
  return {
    error: ({ input }: { readonly input?: unknown }) =>
      `expected ${what}; ${input === undefined ? 'it is missing' : `got ${quote(input)}`}`,
  }
}

/** Longest part of a refused value that is given back. Characters. */
const MAX_QUOTED = 60

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED - 1)}…` : text
}

/** The schema as OpenAPI 3.0 has it: of what is asked, or of what is answered. */
export function describeSchema(schema: Schema, side: 'request' | 'response'): object {
  return z.toJSONSchema(schema, { target: 'openapi-3.0', io: side === 'request' ? 'input' : 'output' })
}
