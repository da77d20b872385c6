/**
 * What a framework's configuration is made from, and what comes out: one file a framework, its text a pure function of the plan. A framework
 * that cannot run the plan as it is says so with the nearest plan that it could run; what it does otherwise than planned is a note.
 */
import { fail, ok, type Problem, type Result } from '../../base/problem.ts'
import type { Software } from '../../planner/cost/software.ts'
import type { ModelSpec } from '../../planner/model/model.ts'
import type { Layout, Workload } from '../../planner/training/layout.ts'

export interface EmissionInput {
  /** Of the job. */
  readonly name: string
  readonly model: ModelSpec
  readonly layout: Layout
  readonly workload: Workload
  /** What the prediction assumed to be on; the configuration turns the same things on. */
  readonly software?: Software
  readonly devicesPerNode: number
  /** Device of each rank, when the plan's placement is not the identity: ranks are numbered tensor, context, data, pipeline all the same. */
  readonly deviceOfRank?: readonly number[]
  /** The model's config.json: figures that cost no time and that the model needs all the same, such as the rotary base. */
  readonly config?: Readonly<Record<string, unknown>>
}

export interface Emitted {
  readonly file: string
  readonly text: string
  /** What a reader must add or know: sentences. */
  readonly notes: readonly string[]
}

/** Made while a file is written: parts of it, what is worth a note, what the framework cannot do. */
export interface Piece<T> {
  readonly value: T
  readonly notes?: readonly string[]
  readonly problems?: readonly Problem[]
}

/** All pieces of a file, or everything that the framework cannot do. */
export function assemble(
  pieces: readonly Piece<unknown>[],
  write: () => Pick<Emitted, 'file' | 'text'>,
  notes: readonly string[] = [],
): Result<Emitted> {
  const problems = pieces.flatMap(piece => piece.problems ?? [])
  if (problems.length > 0) return fail(...problems)
  return ok({ ...write(), notes: [...pieces.flatMap(piece => piece.notes ?? []), ...notes] })
}

export const cannot = (field: string, what: string, why: string, fix: string): Problem => ({ field, what, why, fix })

export const ranksOfLayout = ({ data, context, tensor, pipeline }: Layout): number => data * context * tensor * pipeline

/** Micro-batches of one step on each data rank. */
export const microBatchesOf = ({ layout, workload }: EmissionInput): number =>
  workload.globalBatch / (layout.data * layout.microBatch)

export const isEven = (stages: readonly number[]): boolean => stages.every(layers => layers === stages[0])

/** `8 nodes of 8 devices`: how the ranks are started. */
export function nodesOfLayout({ layout, devicesPerNode }: EmissionInput): { nodes: number; perNode: number } {
  const ranks = ranksOfLayout(layout)
  const perNode = Math.min(ranks, devicesPerNode)
  return { nodes: Math.ceil(ranks / perNode), perNode }
}

export const torchrun = (input: EmissionInput, program: string): string => {
  const { nodes, perNode } = nodesOfLayout(input)
  const where =
    nodes === 1 ? '--standalone' : `--nnodes ${nodes} --rdzv-backend c10d --rdzv-endpoint "$MASTER_ADDR:$MASTER_PORT"`
  return `torchrun ${where} --nproc-per-node ${perNode} ${program}`
}

/** For frameworks that let the launcher number the ranks. */
export const placementNote = ({ deviceOfRank }: EmissionInput): readonly string[] =>
  deviceOfRank
    ? ['Ranks lie on the devices in another order than their numbers: start them with the rank file (--for ranks)']
    : []
