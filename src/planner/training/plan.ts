/**
 * The parallel strategy of a training job as a value: made by `planTraining`, shown by `solvent plan`, mounted into every rank's pod as
 * plan.json. No table with a row a rank: a rank's place is arithmetic on RANK with these sizes (`rank-map.ts`).
 */
import type { RankMap } from './rank-map.ts'

export interface Degrees {
  readonly data: number
  readonly context: number
  readonly tensor: number
  readonly pipeline: number
  readonly expert: number
  readonly expertTensor: number
}

export type DenseAxis = 'tensor' | 'context' | 'data' | 'pipeline'
export type ExpertAxis = 'expertTensor' | 'expert' | 'expertData' | 'pipeline'

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
  readonly reasons: readonly { readonly choice: string; readonly because: string }[]
}
