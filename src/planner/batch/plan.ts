/**
 * The parallel strategy of a batch job as a value: made by `planBatch`, shown by `solvent plan`, stored in the plan ConfigMap, executed
 * by the coordinator. JSON, versioned.
 */
import type { Algebra, InputFormat, OutputFormat } from '../../spec/kinds.ts'

/** One input file as the controller (or the command line) found it. */
export interface InputFile {
  readonly uri: string
  readonly bytes: number
  /** A gzipped file is one split: nobody can start reading in its middle. */
  readonly splittable: boolean
}

/** Where the job will run, as values: the planner never looks by itself. */
export interface BatchCapacity {
  /** Tasks that can run at once: cores that are allocatable over cores a worker asks for. */
  readonly slots: number
  readonly workerMemoryBytes: number
}

export interface Reason {
  /** `partitions = 4`. */
  readonly choice: string
  readonly because: string
}

export interface BatchStrategy {
  readonly splitBytes: number
  readonly numSplits: number
  readonly partitions: number
  readonly workers: { readonly min: number; readonly max: number }
  /** Reduce inside the map task first, so that less is shuffled. */
  readonly combine: boolean
  /** Hash: a table in memory that spills. Sort: order by key, for reduces that need all values of a key. */
  readonly aggregate: 'hash' | 'sort'
  /** Which engine runs the map side. */
  readonly engine: 'duckdb' | 'typescript'
}

export interface BatchPlan {
  readonly version: 1
  readonly name: string
  readonly namespace: string
  readonly input: { readonly format: InputFormat; readonly files: readonly InputFile[]; readonly bytes: number }
  readonly map:
    | { readonly kind: 'module'; readonly module: string; readonly export: string }
    | { readonly kind: 'split'; readonly pattern: string }
    | { readonly kind: 'sql'; readonly text: string }
  readonly reduce:
    | { readonly kind: 'algebra'; readonly by: Algebra; readonly k?: number }
    | { readonly kind: 'module'; readonly module: string; readonly export: string }
  readonly output: { readonly format: OutputFormat; readonly uri: string }
  readonly strategy: BatchStrategy
  readonly reasons: readonly Reason[]
}

/** One map task's input: pieces of files, each `[start, end)` in bytes. A piece owns the lines that begin in it. */
export interface Split {
  readonly id: number
  readonly pieces: readonly { readonly uri: string; readonly start: number; readonly end: number }[]
  readonly bytes: number
}
