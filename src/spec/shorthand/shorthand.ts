/**
 * Shorthand is for people: what may be written instead of the stored form. One table says where, what is accepted (for the JSON Schema
 * that editors read) and how it is normalised (for the parser), so that the two cannot part ways.
 */
import { parseQuantity, wholeValue } from '../../kube/quantity.ts'
import type { DeclarationKind } from '../schema/kinds-table.ts'
import type { Shorthand } from './form.ts'
import { SERVER_SHORTHANDS } from './server-shorthand.ts'
import { TRAINING_SHORTHANDS } from './training-shorthand.ts'

const isText = (value: unknown): value is string => typeof value === 'string'

const BATCH: readonly DeclarationKind[] = ['BatchJob']
const TRAINING: readonly DeclarationKind[] = ['TrainingJob']
const SERVER: readonly DeclarationKind[] = ['Server']
/** Kinds that become pods. */
const RUNNABLE: readonly DeclarationKind[] = ['BatchJob', 'TrainingJob', 'Server']

/** `input: { text: "books/*.txt" }`. */
const onePattern = (format: string): Shorthand => ({
  kinds: BATCH,
  at: ['spec', 'input', format],
  accepts: { type: 'string', description: 'One path or pattern.' },
  normalise: written => (isText(written) ? [written] : undefined),
})

/** `reduce: sum`. */
const algebraByName: Shorthand = {
  kinds: BATCH,
  at: ['spec', 'reduce'],
  accepts: { enum: ['sum', 'count', 'min', 'max', 'avg'], description: 'An algebra by its name.' },
  normalise: written => (isText(written) ? { by: written } : undefined),
}

/** `reduce: { topK: 20 }`. */
const topKOf: Shorthand = {
  kinds: BATCH,
  at: ['spec', 'reduce'],
  accepts: {
    type: 'object',
    properties: { topK: { type: 'integer', minimum: 1 } },
    required: ['topK'],
    additionalProperties: false,
    description: 'The pairs with the largest values.',
  },
  normalise: written => {
    const fields = Object.entries(written !== null && typeof written === 'object' ? written : {})
    return fields.length === 1 && fields[0]![0] === 'topK' ? { by: 'topK', k: fields[0]![1] } : undefined
  },
}

/** `workers: 4`, `replicas: 3`: both ends of the range. */
const fixedNumber = (kinds: readonly DeclarationKind[], field: string, least = 1): Shorthand => ({
  kinds,
  at: ['spec', field],
  accepts: { type: 'integer', minimum: least, description: 'This many, no more and no less.' },
  normalise: written => (typeof written === 'number' ? { min: written, max: written } : undefined),
})

/** `splitBytes: 64Mi`. */
const bytesAsQuantity: Shorthand = {
  kinds: BATCH,
  at: ['spec', 'strategy', 'splitBytes'],
  accepts: { type: 'string', description: 'A quantity, such as 64Mi.' },
  normalise: written => (isText(written) && parseQuantity(written) ? wholeValue(written) : undefined),
}

/** `cpu: 2` for `cpu: "2"`. */
const numberAsQuantity = (field: string): Shorthand => ({
  kinds: RUNNABLE,
  at: ['spec', 'resources', field],
  accepts: { type: 'number', minimum: 0, description: 'A plain number.' },
  normalise: (written, source) => (typeof written === 'number' ? (source ?? String(written)) : undefined),
})

/** `parallelism: auto`. */
const autoParallelism: Shorthand = {
  kinds: TRAINING,
  at: ['spec', 'parallelism'],
  accepts: { const: 'auto', description: 'Let the planner choose every degree.' },
  normalise: written => (written === 'auto' ? {} : undefined),
}

/** `targetCpu: 60%`. */
const percent: Shorthand = {
  kinds: SERVER,
  at: ['spec', 'replicas', 'targetCpu'],
  accepts: { type: 'string', pattern: '^[0-9]+%$', description: 'Percent of the requested CPU.' },
  normalise: written => (isText(written) && /^\d+%$/.test(written) ? Number(written.slice(0, -1)) : undefined),
}

/** `PORT: 8080`, `DEBUG: true`: environment variables are text, kept as they were typed (`1.10` stays `1.10`). */
const scalarAsText = (kinds: readonly DeclarationKind[], field: string): Shorthand => ({
  kinds,
  at: ['spec', field, '*'],
  accepts: { type: ['number', 'boolean'], description: 'Kept as it is typed.' },
  normalise: (written, source) =>
    typeof written === 'number' || typeof written === 'boolean' ? (source ?? String(written)) : undefined,
})

export const SHORTHANDS: readonly Shorthand[] = [
  onePattern('text'),
  onePattern('jsonl'),
  onePattern('parquet'),
  algebraByName,
  topKOf,
  fixedNumber(BATCH, 'workers'),
  fixedNumber(SERVER, 'replicas', 0),
  bytesAsQuantity,
  numberAsQuantity('cpu'),
  numberAsQuantity('memory'),
  autoParallelism,
  ...TRAINING_SHORTHANDS,
  percent,
  ...SERVER_SHORTHANDS,
  scalarAsText(TRAINING, 'env'),
  scalarAsText(SERVER, 'config'),
]
