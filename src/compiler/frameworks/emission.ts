/**
 * What a framework's configuration is made from, and what comes out: one file a framework, its text a pure function of the plan. A framework
 * that cannot run the plan as it is says so with the nearest plan that it could run; what it does otherwise than planned is a note.
 */
import { fail, ok, type Problem, type Result } from '../../base/problem.ts'
import type { Software } from '../../planner/cost/software.ts'
import type { ModelSpec } from '../../planner/model/model.ts'
import type { Layout, Workload } from '../../planner/training/layout.ts'
import type { DenseAxis } from '../../planner/training/plan.ts'
import type { RankMap } from '../../planner/training/rank-map.ts'

export interface EmissionInput {
  /** Of the job. */
  readonly name: string
  readonly model: ModelSpec
  readonly layout: Layout
  readonly workload: Workload
  /** What the prediction assumed to be on; the configuration turns the same things on. */
  readonly software?: Software
  readonly devicesPerNode: number
  /** Fastest axis first, when the plan's order is not tensor, context, data, pipeline. */
  readonly order?: RankMap<DenseAxis>
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

/** The axes of the plan in their order, without those of one rank. */
const axesOf = (order: RankMap): string =>
  order
    .filter(({ size }) => size > 1)
    .map(({ name }) => name)
    .join()

const DEFAULT_ORDER = ['tensor', 'context', 'data', 'pipeline']

/** `pipeline` and `data` may have changed places; anything else needs a launcher that numbers the ranks itself (rank files). */
export function orderOf({ order }: EmissionInput): 'tp-cp-dp-pp' | 'tp-cp-pp-dp' | 'other' {
  if (!order) return 'tp-cp-dp-pp'
  const sized = (names: readonly string[]): string =>
    axesOf(names.map(name => ({ name, size: order.find(axis => axis.name === name)?.size ?? 1 })))
  const axes = axesOf(order)
  if (axes === sized(DEFAULT_ORDER)) return 'tp-cp-dp-pp'
  return axes === sized(['tensor', 'context', 'pipeline', 'data']) ? 'tp-cp-pp-dp' : 'other'
}
