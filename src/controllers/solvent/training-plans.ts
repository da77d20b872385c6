/**
 * The plan of a training job, made once for each of its lives. A search takes up to a second, and a fleet that is found in nodes' labels
 * changes: what a gang was started with stays its plan as long as it lives, however often this process starts anew. The next attempt is
 * planned anew, for the nodes that are there then.
 */

import { ok, type Result } from '../../base/problem.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import type { ConfigMap } from '../../kube/core.ts'
import { keyOf } from '../../kube/object.ts'
import type { Job } from '../../kube/workloads.ts'
import type { TrainingPlan } from '../../planner/training/plan.ts'
import { planTraining } from '../../planner/training/plan-training.ts'
import type { TrainingJob } from '../../spec/kinds.ts'
import { fleetSources } from './fleet-facts.ts'
import { attemptOf } from './reconcile-training-job.ts'

export interface TrainingPlans {
  /** `gang`: the Job of the current attempt, if it is there. */
  planOf(job: TrainingJob, gang: Job | undefined): Promise<Result<TrainingPlan>>
  forget(key: string): void
}

type FindConfigMap = (namespace: string | undefined, name: string) => ConfigMap | undefined

export function createTrainingPlans(api: KubeApi, configMap: FindConfigMap): TrainingPlans {
  /** By the job's key; only the newest life is asked for. */
  const plans = new Map<string, { readonly life: string; readonly plan: Promise<Result<TrainingPlan>> }>()
  return {
    async planOf(job, gang) {
      // Declared degrees are arithmetic, and ask for no fleet.
      if (!job.spec.model) return planTraining(job)
      const started = gang && planOfGang(gang, configMap)
      if (started) return ok(started)
      const key = keyOf(job)
      const life = [job.metadata.uid, job.metadata.generation, attemptOf(job)].join()
      const known = plans.get(key)
      if (known?.life === life) return known.plan
      const plan = fleetSources(api, job.metadata.namespace ?? 'default').then(sources => planTraining(job, sources))
      plans.set(key, { life, plan })
      // A cluster that could not be asked is asked again.
      plan.catch(() => plans.delete(key))
      return plan
    },
    forget: key => plans.delete(key),
  }
}

/** From the ConfigMap that its pods mount. */
function planOfGang({ metadata, spec }: Job, configMap: FindConfigMap): TrainingPlan | undefined {
  const maps = (spec?.template.spec?.volumes ?? []).flatMap(({ configMap: own }) =>
    own ? [configMap(metadata.namespace, own.name)] : [],
  )
  const text = maps.map(map => map?.data?.['plan.json']).find(each => each !== undefined)
  return text === undefined ? undefined : (JSON.parse(text) as TrainingPlan)
}
