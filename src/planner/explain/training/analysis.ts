/**
 * Everything there is to say about the plan of a training job, as data: `analyseTraining` makes it, `solvent plan` and the plan explorer
 * print it. Seconds, bytes, dollars; sentences are whole and end without a full stop.
 */
import type { Effect, StepPrediction } from '../../cost/prediction.ts'
import type { Software } from '../../cost/software.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import type { ModelSpec } from '../../model/model.ts'
import type { Layout, Workload } from '../../training/layout.ts'
import type { TrainingPlan } from '../../training/plan.ts'

export interface TrainingAnalysis {
  readonly plan: TrainingPlan
  readonly model: ModelSpec
  readonly fleet: Fleet
  readonly workload: Workload
  readonly software: Software
  /** The plan: best layout, its whole prediction. */
  readonly best: Candidate & { readonly prediction: StepPrediction }
  /** Where the step goes, largest first; the seconds add up to the step. */
  readonly breakdown: readonly BreakdownRow[]
  /** The same by who makes it wait: arithmetic, each axis of the layout, the host. */
  readonly byAxis: readonly { readonly axis: CostAxis; readonly seconds: number; readonly share: number }[]
  /** What stands between this plan and a faster one. */
  readonly binding: Binding
  /** Best layout that differs on one choice, for each choice; the least slower first. The first is the runner-up. */
  readonly alternatives: readonly Alternative[]
  /** None of them is beaten on time, memory, money and devices at once; fastest first. */
  readonly pareto: readonly Candidate[]
  /** A deterministic sample of all that fit, for the picture of time against memory. */
  readonly cloud: readonly CloudPoint[]
  readonly counterfactuals: readonly Counterfactual[]
  /** The plan to go to when nodes go or come: n-2, n-1, n, n+1. */
  readonly replan: readonly ReplanRow[]
  readonly goodput: Goodput
  readonly search: SearchRecord
}

export interface Candidate {
  readonly layout: Layout
  readonly devices: number
  readonly stepSeconds: number
  readonly band80?: readonly [low: number, high: number]
  /** Of the fullest rank, as in `ExpectedStep`. */
  readonly memoryBytes: number
  readonly tokensPerSecond: number
  /** Absent where the fleet has no price. */
  readonly dollarsPerMillionTokens?: number
}

export interface BreakdownRow {
  readonly effect: Effect
  /** In words: `attention`, `pipeline bubble`. */
  readonly label: string
  readonly seconds: number
  /** Of the step, 0 to 1. */
  readonly share: number
}

export type CostAxis = 'compute' | 'host' | 'tensor' | 'context' | 'expert' | 'pipeline' | 'data'

export interface Binding {
  readonly kind: 'compute' | 'memory' | 'network' | 'bubble' | 'host' | 'batch' | 'declared'
  readonly sentence: string
}

export interface Alternative extends Candidate {
  /** The choice on which it differs first: `tensor`, `schedule`, … */
  readonly choice: string
  /** `tensor 8 instead of 4`. */
  readonly label: string
  /** Step over the plan's: 1.06 is 6 % slower. */
  readonly slowdown: number
  /** `6 % slower: 41 ms more of tensor communication, 12 ms less bubble`. */
  readonly because: string
  /** Its effects less the plan's, largest change first. */
  readonly differences: readonly { readonly effect: Effect; readonly seconds: number }[]
}

export interface CloudPoint {
  readonly stepSeconds: number
  readonly memoryBytes: number
  readonly layout: Layout
}

export interface Counterfactual {
  readonly kind: 'nodes' | 'network' | 'memory' | 'batch' | 'precision' | 'sequence'
  /** `one node more`, `twice the network`. */
  readonly change: string
  /** Best layout then. Absent: nothing fits. */
  readonly candidate?: Candidate
  /** Tokens a second over the plan's. */
  readonly speedup?: number
  /** `1.04 times as fast: tensor 4 becomes 2`. */
  readonly sentence: string
}

export interface ReplanRow {
  readonly nodes: number
  readonly devices: number
  /** Absent: nothing fits. */
  readonly candidate?: Candidate
  /** Devices that are left idle because no layout uses them. */
  readonly idleDevices: number
  readonly speedup?: number
  readonly sentence: string
}

/** Useful work under failures (training/elasticity.md §3 of the project's notes; exact form for exponential failures). */
export interface Goodput {
  readonly meanSecondsBetweenFailures: number
  readonly checkpointBytes: number
  readonly checkpointStallSeconds: number
  readonly recoverySeconds: number
  /** Of useful work between two checkpoints. */
  readonly checkpointIntervalSeconds: number
  readonly checkpointIntervalSteps: number
  /** Useful share of the time, 0 to 1. */
  readonly goodput: number
  /** Of the whole training, where the declaration says how many tokens. */
  readonly trainingSeconds?: number
  readonly trainingDollars?: number
}

export interface SearchRecord {
  /** Layouts of the whole space under what is declared. */
  readonly considered: number
  /** Ruled out before a cost was computed, and by memory. */
  readonly rejected: readonly Rejection[]
  readonly fitting: number
  /** By closed forms; those that could still win were then simulated. */
  readonly scored: number
  readonly simulated: number
}

/** A rule that ruled layouts out, with one of them. */
export interface Rejection {
  readonly rule: string
  readonly count: number
  readonly example: Partial<Layout>
  readonly because: string
}
