/** Our kinds as data: names, columns, schema. A kind is added by adding a row (and its type in `kinds.ts`). */
import type { StructuralSchema } from '../../kube/schema.ts'
import type { Declaration } from '../kinds.ts'
import { batchJobSchema } from './batch-job.ts'
import { fleetSchema } from './fleet.ts'
import { serverSchema } from './server.ts'
import { trainingJobSchema } from './training-job.ts'

export type DeclarationKind = Declaration['kind']

export interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly jsonPath: string
  readonly description: string
  /** Above 0: only with `-o wide`. */
  readonly priority?: number
}

export interface DeclarationInfo {
  readonly kind: DeclarationKind
  readonly plural: string
  readonly shortName: string
  readonly schema: StructuralSchema
  readonly columns: readonly PrinterColumn[]
}

const column = (
  name: string,
  jsonPath: string,
  description: string,
  type: PrinterColumn['type'] = 'string',
): PrinterColumn => ({ name, type, jsonPath, description })

const wide = (wideColumn: PrinterColumn): PrinterColumn => ({ ...wideColumn, priority: 1 })

const PHASE = column('Phase', '.status.phase', 'Where it stands.')
const PLAN = column('Plan', '.status.plan', 'The plan in one line.')
const AGE = column('Age', '.metadata.creationTimestamp', 'Since when it exists.', 'date')

export const DECLARATION_KINDS: readonly DeclarationInfo[] = [
  {
    kind: 'BatchJob',
    plural: 'batchjobs',
    shortName: 'bj',
    schema: batchJobSchema,
    columns: [PHASE, PLAN, wide(column('Output', '.status.output.uri', 'Where the answer lies.')), AGE],
  },
  {
    kind: 'TrainingJob',
    plural: 'trainingjobs',
    shortName: 'tj',
    schema: trainingJobSchema,
    columns: [
      PHASE,
      column('Ranks', '.status.ranks', 'Ranks of the gang.', 'integer'),
      column('Attempt', '.status.attempt', 'Number of the attempt, from 0.', 'integer'),
      PLAN,
      AGE,
    ],
  },
  {
    kind: 'Server',
    plural: 'servers',
    shortName: 'srv',
    schema: serverSchema,
    columns: [
      PHASE,
      column('Ready', '.status.ready', 'Copies that answer, of those that are wanted.'),
      column('Rate', '.status.requestsPerSecond', 'Requests per second of all copies.'),
      column('CPU', '.status.cpu', 'Cores that all copies use.'),
      column('Memory', '.status.memory', 'Memory that all copies use.'),
      column('URL', '.status.url', 'Where it answers.'),
      AGE,
    ],
  },
  {
    kind: 'Fleet',
    plural: 'fleets',
    shortName: 'fl',
    schema: fleetSchema,
    columns: [column('Preset', '.spec.preset', 'The preset that it begins with.'), AGE],
  },
]

export const declarationInfo = (kind: string): DeclarationInfo | undefined =>
  DECLARATION_KINDS.find(info => info.kind === kind)
