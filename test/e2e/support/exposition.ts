/** One sample of a text exposition. */
export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Samples of one scrape, looked up by name and labels. */
export interface Scrape {
  readonly text: string
  readonly samples: readonly ParsedSample[]
  /** The one sample with this name and these labels; undefined where there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined
  /** Values of a label over all samples with this name and these labels. */
  labelValues(name: string, label: string, labels?: Readonly<Record<string, string>>): readonly string[]
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/

export function parseExposition(text: string): Scrape {
  const samples: ParsedSample[] = []
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const match = LINE.exec(line)
    if (!match) throw new Error(`no sample: ${line}`)
    const labels: Record<string, string> = {}
    for (const [, name = '', value = ''] of (match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
      labels[name] = value
    samples.push({ name: match[1] ?? '', labels, value: Number(match[3]) })
  }
  const select = (name: string, labels: Readonly<Record<string, string>>) =>
    samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )
  return {
    text,
    samples,
    value(name, labels = {}) {
      const found = select(name, labels)
      if (found.length > 1)
        throw new Error(`${found.length} samples of ${name} with ${JSON.stringify(labels)}`)
      return found[0]?.value
    },
    labelValues: (name, label, labels = {}) =>
      select(name, labels).map((sample) => sample.labels[label] ?? ''),
  }
}

/** Counters by name and labels: what must never go back. */
export function countersOf({ samples }: Scrape): ReadonlyMap<string, number> {
  return new Map(
    samples
      .filter(({ name }) => name.endsWith('_total'))
      .map(({ name, labels, value }) => [`${name}${JSON.stringify(labels)}`, value]),
  )
}

/** p of a target as it is exported: value and bounds, as far as they are given, and why there is no value. */
export interface ExportedEstimate {
  readonly value: number | undefined
  readonly lower: number | undefined
  readonly upper: number | undefined
  readonly reason: string | undefined
}

export function exportedEstimate(scrape: Scrape, target: string, estimator = 'ownership'): ExportedEstimate {
  const of = (suffix: string) =>
    scrape.value(`amdahl_target_parallel_fraction${suffix}`, { target, estimator })
  const [reason] = scrape.labelValues('amdahl_target_estimate_unavailable', 'reason', { target, estimator })
  return { value: of(''), lower: of('_lower'), upper: of('_upper'), reason }
}
