/**
 * What a user declares, in the stored form (API group solvent.dev/v1alpha1): shorthand gone, one type a field, URIs absolute. The
 * schema in `schema/` is the source; these are its types. Everything that can be planned may be absent.
 */
import type { Condition, KubeObject } from '../kube/object.ts'
import type { Fleet } from './fleet.ts'
import type { API_VERSION, CodeRef, Resources } from './parts.ts'
import type { Server } from './server.ts'
import type { TrainingJob } from './training-job.ts'

export * from './fleet.ts'
export * from './parts.ts'
export * from './server.ts'
export * from './training-job.ts'

/** An exported function of a module. `module` is an absolute `file://` URI once the command line has resolved it. */
export interface FunctionRef {
  readonly module: string
  readonly export: string
}

export type InputFormat = 'text' | 'jsonl' | 'parquet'
export type OutputFormat = 'parquet' | 'jsonl' | 'csv'
/** The reduces that Solvent knows the algebra of, so that it may combine early and run them in SQL. */
export type Algebra = 'sum' | 'count' | 'min' | 'max' | 'avg' | 'topK'

export interface BatchJobSpec {
  /** Exactly one format; each value a list of absolute `file://` URIs, `*`, `?` and `**` allowed in the path. `.gz` is read too. */
  readonly input: { readonly [format in InputFormat]?: readonly string[] }
  /** `module`+`export`: (record) => Iterable<[key, value]>. `split`: a regular expression, each piece counts 1. `sql`: select over `input`. */
  readonly map: Partial<FunctionRef> & { readonly split?: string; readonly sql?: string }
  /** `by`: an algebra (topK, with `k`: the k pairs with the largest values). `module`+`export`: (key, values: Iterable) => value. */
  readonly reduce: Partial<FunctionRef> & { readonly by?: Algebra; readonly k?: number }
  /** Exactly one format; the absolute `file://` URI of a folder that is empty or absent. */
  readonly output: { readonly [format in OutputFormat]?: string }
  /** How many worker pods; the number in between follows the queue of tasks. */
  readonly workers?: { readonly min?: number; readonly max?: number }
  /** What is fixed by hand of the parallel strategy; what is absent is planned. */
  readonly strategy?: {
    readonly splitBytes?: number
    readonly partitions?: number
    readonly combine?: boolean
    readonly aggregate?: 'hash' | 'sort'
  }
  readonly code?: CodeRef
  readonly image?: string
  readonly resources?: Resources
  readonly ttlSecondsAfterFinished?: number
}

export interface StageProgress {
  readonly name: 'map' | 'reduce'
  readonly tasks: number
  readonly running: number
  readonly done: number
  /** Attempts that failed and were tried again. */
  readonly retried: number
  readonly bytes: number
  readonly bytesDone: number
  readonly startTime?: string
  readonly completionTime?: string
}

/** Why a job failed through the user's doing. */
export interface UserFailure {
  /** `Error: no number here`. */
  readonly message: string
  /** The user's file and line, `file:///…/map.ts:12:9`, by source map. */
  readonly place?: string
  /** The record that it failed on: `file:///…/a.txt:1042` (line) or a row number. */
  readonly record?: string
}

export interface BatchJobStatus {
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  readonly observedGeneration?: number
  /** `Planned`, `Complete`, `Failed` (reason `UserError` makes the command line exit 4). */
  readonly conditions?: readonly Condition[]
  /** One line for people: `8 splits, 2 workers, 4 partitions, hash, combine`. */
  readonly plan?: string
  readonly stages?: readonly StageProgress[]
  /** Tasks that could run now but have no worker; the controller sets the number of workers from it. */
  readonly pendingTasks?: number
  readonly failure?: UserFailure
  readonly output?: {
    readonly uri: string
    readonly files: number
    readonly rows: number
    readonly bytes: number
  }
  readonly startTime?: string
  readonly completionTime?: string
}

export interface BatchJob extends KubeObject {
  readonly apiVersion: typeof API_VERSION
  readonly kind: 'BatchJob'
  readonly spec: BatchJobSpec
  readonly status?: BatchJobStatus
}

/** What becomes pods. A Fleet becomes nothing: it is read. */
export type Runnable = BatchJob | TrainingJob | Server

export type Declaration = Runnable | Fleet
