/**
 * A training job's plan, made once a generation: a search takes seconds, a job is looked at with each event of its pods, and a gang that runs
 * keeps its plan when nodes come or go and whoever looks after it starts anew. The plan lies in an immutable ConfigMap, which the status
 * names before anything is made from it; a controller that starts reads it there. What could not be planned is tried again.
 */
import type { ConfigMap } from '../../kube/core.ts'
import { controllerOf } from '../../kube/object.ts'
import type { FleetSources } from '../../planner/fleet/resolve-fleet.ts'
import type { TrainingPlan } from '../../planner/training/plan.ts'
import type { TrainingJob } from '../../spec/kinds.ts'
import { conditionOf } from '../runtime/conditions.ts'
import { type FleetAnswer, planForFleet } from './plan-for-fleet.ts'

export interface KeptPlan {
  readonly kind: 'planned'
  readonly plan: TrainingPlan
  /** Of the declaration that it was made for. */
  readonly generation: number | undefined
}

export type PlanAnswer = KeptPlan | Exclude<FleetAnswer, { readonly kind: 'planned' }>

export interface PlanOnce {
  /** `hasGang`: ranks were made from the plan. Theirs it stays, whatever is declared by now; the next gang has the new one. */
  plan(job: TrainingJob, hasGang: boolean): PlanAnswer
  forget(job: TrainingJob): void
}

export interface PlanSources {
  fleets(job: TrainingJob): FleetSources
  /** The ConfigMap of this name beside the job. */
  planMap(job: TrainingJob, name: string): ConfigMap | undefined
}

export function planOnce({ fleets, planMap }: PlanSources): PlanOnce {
  const known = new Map<string, KeptPlan>()
  /** Generations that wait for a fleet: it is known that one may come. */
  const sound = new Map<string, number | undefined>()

  function stored(job: TrainingJob): KeptPlan | undefined {
    const planned = conditionOf(job, 'Planned')
    const name = job.status?.planConfigMap
    const map = planned?.status === 'True' && name !== undefined ? planMap(job, name) : undefined
    const text = map && controllerOf(map)?.uid === job.metadata.uid ? map.data?.['plan.json'] : undefined
    return text === undefined
      ? undefined
      : { kind: 'planned', plan: JSON.parse(text), generation: planned?.observedGeneration }
  }

  return {
    plan(job, hasGang) {
      const { uid = '', generation } = job.metadata
      const kept = known.get(uid) ?? stored(job)
      if (kept && (hasGang || kept.generation === generation)) {
        known.set(uid, kept)
        return kept
      }
      known.delete(uid)
      const isSound = sound.has(uid) && sound.get(uid) === generation
      const answer = planForFleet(job, fleets(job), isSound)
      if (answer.kind === 'waiting') sound.set(uid, generation)
      else sound.delete(uid)
      if (answer.kind !== 'planned') return answer
      const made = { ...answer, generation }
      known.set(uid, made)
      return made
    },
    forget({ metadata: { uid = '' } }) {
      known.delete(uid)
      sound.delete(uid)
    },
  }
}
