/** One metric family. A family without a sample is left out of the exposition. */
export interface Family {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly labels: readonly string[]
}

export function gauge(name: string, help: string, labels: readonly string[] = []): Family {
  return { name, type: 'gauge', help, labels }
}

export function counter(name: string, help: string, labels: readonly string[] = []): Family {
  return { name, type: 'counter', help, labels }
}
