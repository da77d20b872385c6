/** What is searched for: the given things, what the user fixed, and the cost that is minimised. */
import type { Rejection } from '../explain/training/analysis.ts'
import { devicesOf, type Fleet } from '../fleet/fleet.ts'
import type { ModelSpec } from '../model/model.ts'
import type { Degrees } from '../training/degrees.ts'
import type { Layout, Workload } from '../training/layout.ts'
import type { Abilities } from './abilities.ts'
import type { StageCosts } from './stage-costs.ts'

export interface SearchProblem {
  readonly model: ModelSpec
  readonly fleet: Fleet
  readonly workload: Workload
  readonly costs: StageCosts
  /** What the framework can run. */
  readonly abilities: Abilities
  /** Ranks come in pods of so many, where the user says so. */
  readonly ranksPerPod?: number
  /** Kept as it is; everything else is chosen. */
  readonly fixed: Fixed
}

export type Fixed = Partial<Degrees> &
  Partial<
    Pick<
      Layout,
      | 'schedule'
      | 'chunks'
      | 'stages'
      | 'microBatch'
      | 'sequenceParallel'
      | 'contextMethod'
      | 'zero'
      | 'shardRanks'
      | 'recompute'
      | 'offload'
      | 'dispatcher'
    >
  >

/** The values that each axis can take (`axis-values.ts`). */
export interface AxisValues {
  readonly tensor: readonly number[]
  readonly context: readonly number[]
  readonly pipeline: readonly number[]
  readonly data: readonly number[]
  readonly expert: readonly number[]
  readonly microBatch: readonly number[]
  readonly rejected: readonly Rejection[]
}

/** A question to the search: the best layout among those that … */
export interface Question {
  /** A device has at most so much memory, less than its own. */
  readonly memoryBytes?: number
  readonly maxDevices?: number
  /** Layouts that do not count, such as those that agree with the plan on an axis. Asked as early as the axis is known. */
  readonly without?: Partial<Record<Choice, unknown>>
  /** Only cuts of these values, where the answer need not be the best of all. */
  readonly within?: AxisValues
  /** Known before: nothing that is asked about is faster. */
  readonly notBelowSeconds?: number
  /** The first that fits answers it. */
  readonly isAnyEnough?: boolean
  /** Nothing at or above it is looked for. */
  readonly belowSeconds?: number
}

/** The choices that a layout consists of, in the order in which the search makes them. */
export const CHOICES = [
  'tensor',
  'context',
  'pipeline',
  'data',
  'expert',
  'expertTensor',
  'microBatch',
  'sequenceParallel',
  'contextMethod',
  'dispatcher',
  'schedule',
  'chunks',
  'recompute',
  'zero',
  'shardRanks',
  'offload',
] as const
export type Choice = (typeof CHOICES)[number]

/** Ranks fill whole nodes, or a part of one. */
export function fillsNodes(fleet: Fleet, devices: number): boolean {
  const node = Math.min(...fleet.pools.map(pool => pool.devicesPerNode))
  return devices <= node || devices % node === 0
}

export const mostDevices = ({ fleet }: SearchProblem, question: Question = {}): number =>
  Math.min(devicesOf(fleet), question.maxDevices ?? Number.POSITIVE_INFINITY)

export const devicesUsed = ({ data, context, tensor, pipeline }: Degrees): number => data * context * tensor * pipeline

/**
 * Nothing in the host's memory, unless the user asks for it: Megatron-LM's full offload was measured at 4.2 times the step, so it is
 * for what fits no other way.
 */
export const onDevices = (problem: SearchProblem): SearchProblem => ({
  ...problem,
  abilities: { ...problem.abilities, offloads: ['none'] },
})
