/** Shorthand of a Server's rollout, probes, spread and ingress. Rows of the table in `shorthand.ts`. */
import type { JsonSchema, Shorthand } from './form.ts'

const isText = (value: unknown): value is string => typeof value === 'string'

const row = (field: string, accepts: JsonSchema, normalise: Shorthand['normalise']): Shorthand => ({
  kinds: ['Server'],
  at: ['spec', ...field.split('.')],
  accepts,
  normalise,
})

/** `disruption: 1`, `disruption: 25%`. */
const countOf = (field: string, put: (text: string) => unknown, description: string): Shorthand =>
  row(
    field,
    {
      anyOf: [
        { type: 'integer', minimum: 0 },
        { type: 'string', pattern: '^[0-9]+%?$' },
      ],
      description,
    },
    written =>
      typeof written === 'number' || (isText(written) && /^\d+%?$/.test(written)) ? put(String(written)) : undefined,
  )

/** `maxSurge: 1`. */
const numberAsText = (field: string): Shorthand =>
  row(field, { type: 'integer', minimum: 0, description: 'So many copies.' }, written =>
    typeof written === 'number' ? String(written) : undefined,
  )

/** `readiness: /ready`, `liveness: none`. */
const probeByPath = (probe: 'startup' | 'readiness' | 'liveness'): Shorthand =>
  row(
    `probes.${probe}`,
    {
      type: 'string',
      pattern: '^(/.*|none|tcp|grpc)$',
      description: 'A path that is asked for by HTTP; tcp, grpc or none.',
    },
    written => {
      if (written === 'none') return { none: true }
      if (written === 'tcp') return { tcp: true }
      if (written === 'grpc') return { grpc: '' }
      return isText(written) && written.startsWith('/') ? { path: written } : undefined
    },
  )

const spreadByWord = row(
  'spread',
  { enum: ['node', 'zone', 'none'], description: 'Over one of them, or over nothing.' },
  written => {
    if (written === 'none') return { over: [] }
    return written === 'node' || written === 'zone' ? { over: [written] } : undefined
  },
)

const strategyByName = row(
  'rollout',
  { enum: ['rolling', 'recreate', 'canary'], description: 'The strategy, with the usual numbers.' },
  written => {
    if (written === 'canary') return { canary: {} }
    return written === 'rolling' || written === 'recreate' ? { strategy: written } : undefined
  },
)

const ingressByHost = row('ingress', { type: 'string', description: 'The host name.' }, written =>
  isText(written) ? { host: written } : undefined,
)

const autoResources = row(
  'resources',
  { const: 'auto', description: 'Requests follow what the copies use.' },
  written => (written === 'auto' ? { auto: true } : undefined),
)

export const SERVER_SHORTHANDS: readonly Shorthand[] = [
  countOf('disruption', maxUnavailable => ({ maxUnavailable }), 'So many copies, or such a share of them.'),
  numberAsText('disruption.maxUnavailable'),
  numberAsText('rollout.maxSurge'),
  numberAsText('rollout.maxUnavailable'),
  probeByPath('startup'),
  probeByPath('readiness'),
  probeByPath('liveness'),
  spreadByWord,
  strategyByName,
  ingressByHost,
  autoResources,
]
