/**
 * Reads Prometheus' text format, and OpenMetrics' as far as they agree: samples with labels, and which of them are counters. Whatever is no
 * line of it is passed over: programs print what they like.
 */

export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface MetricsPage {
  /** Samples by their name. */
  readonly samples: ReadonlyMap<string, readonly MetricSample[]>
  /** By the name of the family, which of an OpenMetrics counter is the sample's without `_total`. */
  readonly types: ReadonlyMap<string, string>
}

const TYPE = /^#\s+TYPE\s+(\S+)\s+(\S+)/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s+([^\s{}]+)(?:\s+[-+.\deE]+)?(?:\s+#.*)?\s*$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"/g

export function parsePrometheusText(text: string): MetricsPage {
  const samples = new Map<string, MetricSample[]>()
  const types = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, family, type] = TYPE.exec(line) ?? []
    if (family !== undefined && type !== undefined) types.set(family, type)
    if (line.startsWith('#')) continue
    const [, name, labels = '', number = ''] = SAMPLE.exec(line) ?? []
    const value = numberOf(number)
    if (name === undefined || Number.isNaN(value)) continue
    const known = samples.get(name) ?? []
    known.push({ labels: labelsOf(labels), value })
    samples.set(name, known)
  }
  return { samples, types }
}

function numberOf(text: string): number {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return text === '' ? Number.NaN : Number(text)
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n' }

const labelsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(LABEL)].map(([, name = '', value = '']) => [
      name,
      value.replace(/\\(.)/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped),
    ]),
  )
