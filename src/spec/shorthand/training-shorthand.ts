/** Shorthand of what a TrainingJob says of its model, its fleet and its strategy. Rows of the table in `shorthand.ts`. */
import { parseQuantity, wholeValue } from '../../kube/quantity.ts'
import type { JsonSchema, Shorthand } from './form.ts'

const isText = (value: unknown): value is string => typeof value === 'string'

const row = (field: string, accepts: JsonSchema, normalise: (written: unknown) => unknown): Shorthand => ({
  kinds: ['TrainingJob'],
  at: ['spec', ...field.split('.')],
  accepts,
  normalise: written => normalise(written),
})

/** `optimizer: adam`. */
const byName = (field: string, name: string, description: string): Shorthand =>
  row(field, { type: 'string', description }, written => (isText(written) ? { [name]: written } : undefined))

/** `precision: fp8`. */
const oneForList = (field: string, description: string): Shorthand =>
  row(field, { type: 'string', description }, written => (isText(written) ? [written] : undefined))

/** A device and a number is a preset, every other word the name of a Fleet object. */
const fleetByName = row(
  'fleet',
  { type: 'string', description: 'A preset such as h100x64, or the name of a Fleet object.' },
  written => (isText(written) ? (/x\d+$/i.test(written) ? { preset: written } : { name: written }) : undefined),
)

/** A config.json written out in the declaration. */
const configInPlace = row(
  'model.huggingface',
  { type: 'object', required: ['model_type'], description: 'The content of a config.json.' },
  written =>
    written !== null && typeof written === 'object' && Object.hasOwn(written, 'model_type')
      ? { config: written }
      : undefined,
)

const wordForRecompute = row(
  'recompute',
  { enum: ['none', 'selective', 'full'], description: 'selective: attention alone.' },
  written => {
    if (written === 'none' || written === 'full') return { kind: written }
    return written === 'selective' ? { kind: 'modules', modules: ['core_attn'] } : undefined
  },
)

const modulesForRecompute = row(
  'recompute',
  { type: 'array', items: { type: 'string' }, description: 'The modules, as Megatron-Core calls them.' },
  written => (Array.isArray(written) ? { kind: 'modules', modules: written } : undefined),
)

/** `tokens: 15T`. */
const tokensAsQuantity = row('data.tokens', { type: 'string', description: 'A quantity, such as 15T.' }, written =>
  isText(written) && parseQuantity(written) ? wholeValue(written) : undefined,
)

export const TRAINING_SHORTHANDS: readonly Shorthand[] = [
  byName('model.huggingface', 'file', 'Path of a config.json.'),
  configInPlace,
  fleetByName,
  tokensAsQuantity,
  oneForList('precision', 'One format.'),
  oneForList('allow', 'One change.'),
  byName('optimizer', 'name', 'The optimizer by its name.'),
  byName('software', 'family', 'The framework by its name.'),
  wordForRecompute,
  modulesForRecompute,
]
