/**
 * The parallel strategy of a training job as a value: made by `planTraining`, shown by `solvent plan`, mounted into every rank's pod as
 * plan.json. No table with a row a rank: a rank's place is arithmetic on RANK with these sizes (`rank-map.ts`).
 */
import type { Degrees } from './degrees.ts'
import type { Layout, Workload } from './layout.ts'
import type { RankMap } from './rank-map.ts'

export type { Degrees } from './degrees.ts'
export type DenseAxis = 'tensor' | 'context' | 'data' | 'pipeline'
export type ExpertAxis = 'expertTensor' | 'expert' | 'expertData' | 'pipeline'

export interface Reason {
  readonly choice: string
  readonly because: string
}

export interface TrainingPlan {
  readonly version: 1
  readonly name: string
  readonly namespace: string
  readonly degrees: Degrees
  readonly ranks: number
  readonly ranksPerPod: number
  readonly pods: number
  /** Of the parameters that every rank has a part of: Megatron's tp-cp-dp-pp. */
  readonly dense: RankMap<DenseAxis>
  /** Of the parameters of experts: tp-ep-dp-pp, its tensor and data degrees being those of experts. */
  readonly expert: RankMap<ExpertAxis>
  readonly reasons: readonly Reason[]
  /** The rest is there when the declaration names a model. */
  readonly layout?: Layout
  readonly workload?: Workload
  readonly expected?: ExpectedStep
  /** Absent: rank r is on device r, in Megatron's order. Only where another order of the axes is truly faster. */
  readonly placement?: {
    /** From the axis whose ranks are neighbours to the one whose ranks are farthest apart. */
    readonly order: readonly DenseAxis[]
    /** Device of each rank, in the fleet's order. */
    readonly deviceOfRank: readonly number[]
    /** Of a step, over Megatron's order. */
    readonly savedSeconds: number
  }
}

/** What the cost model expects of the plan; the whole prediction is in `TrainingAnalysis`. */
export interface ExpectedStep {
  readonly fleet: string
  readonly device: string
  readonly stepSeconds: number
  /** Eight of ten runs like this one lie inside. */
  readonly band80?: readonly [low: number, high: number]
  /** Of the fullest rank: the allocator's reserve and what lies outside of it. */
  readonly memoryBytes: number
  readonly deviceMemoryBytes: number
  readonly tokensPerSecond: number
  /** Model FLOPs over the dense peak of the base precision. */
  readonly modelFlopsUtilisation: number
}
