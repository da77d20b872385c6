/** The TrainingJob controller's shell. */
import type { Capabilities } from '../../compiler/capabilities.ts'
import { compile } from '../../compiler/compile.ts'
import { attemptName } from '../../compiler/targets/training.ts'
import type { ConfigMap, Node, Pod } from '../../kube/core.ts'
import { isSame } from '../../kube/equal.ts'
import { OWNER_KIND, OWNER_NAME } from '../../kube/names.ts'
import { controllerOf, type KubeObject, keyOf } from '../../kube/object.ts'
import type { Job, PodGroup } from '../../kube/workloads.ts'
import { API_VERSION, type Fleet, type TrainingJob } from '../../spec/kinds.ts'
import { isTrue } from '../runtime/conditions.ts'
import type { ControllerContext } from '../runtime/context.ts'
import type { Controller } from '../runtime/run-controller.ts'
import { childrenOf, finderOf, ownerKeysOf } from './children.ts'
import { nodeFacts } from './fleet-facts.ts'
import { type PlanAnswer, planOnce } from './plan-once.ts'
import {
  afterTrainingJob,
  attemptOf,
  isFinished,
  isPast,
  type PreparedTrainingJob,
  reconcileTrainingJob,
} from './reconcile-training-job.ts'
import { refuseSpec } from './refusal.ts'

const KIND = 'TrainingJob'

export function trainingJobController(context: ControllerContext, capabilities: Capabilities): Controller {
  const { clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('trainingjob-controller')
  const trainingJobs = informers.of<TrainingJob>(API_VERSION, KIND)
  const jobs = informers.of<Job>('batch/v1', 'Job')
  const pods = informers.of<Pod>('v1', 'Pod')
  const configMaps = informers.of<ConfigMap>('v1', 'ConfigMap')
  const groups = informers.of<PodGroup>('scheduling.k8s.io/v1beta1', 'PodGroup')
  const others = [informers.of('v1', 'Service'), informers.of('scheduling.k8s.io/v1beta1', 'Workload')]
  const nodes = informers.of<Node>('v1', 'Node')
  const fleets = informers.of<Fleet>(API_VERSION, 'Fleet')
  const queue = newQueue()
  const plans = planOnce({
    fleets: ({ metadata: { namespace } }) => ({
      nodes: nodes.list().map(nodeFacts),
      declared: fleets.list().filter(({ metadata }) => metadata.namespace === namespace),
    }),
    planMap: ({ metadata: { namespace } }, name) => configMaps.get(namespace, name),
  })
  const find = finderOf(informers)
  const uidOfOwner = (object: KubeObject): readonly string[] =>
    ownerKeysOf(KIND, object).map(() => controllerOf(object)!.uid)
  const jobsOf = jobs.index(uidOfOwner)
  const groupsOf = groups.index(uidOfOwner)
  const podsOf = pods.index(declarationOf)

  /** A job without a plan may have one now. */
  const lookAgain = (): void => {
    for (const job of trainingJobs.list()) if (!isTrue(job, 'Planned') && !isFinished(job)) queue.add(keyOf(job))
  }

  for (const event of ['add', 'update'] as const) {
    trainingJobs.on(event, (job: TrainingJob) => queue.add(keyOf(job)))
    fleets.on(event, lookAgain)
  }
  trainingJobs.on('delete', job => plans.forget(job))
  nodes.on('add', lookAgain)
  nodes.on('update', (node, before) => {
    if (!isSame(nodeFacts(node), nodeFacts(before))) lookAgain()
  })
  const touchOwner = (object: KubeObject): void => {
    for (const key of ownerKeysOf(KIND, object)) queue.add(key)
  }
  for (const event of ['add', 'update', 'delete'] as const) {
    jobs.on(event, touchOwner)
    pods.on(event, (pod: Pod) => {
      // Only the end of a pod can matter: a new gang waits for the last of the old one.
      if (event !== 'add' && !mayRun(pod)) for (const key of declarationOf(pod)) queue.add(key)
    })
  }
  pods.on('delete', pod => {
    for (const key of declarationOf(pod)) queue.add(key)
  })
  for (const informer of [configMaps, groups, ...others]) informer.on('delete', touchOwner)

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const job = trainingJobs.get(namespace, name)
    if (!job || job.metadata.deletionTimestamp) return undefined
    if (isFinished(job)) return perform(afterTrainingJob(job, clock.now()))
    const uid = job.metadata.uid!
    const present = jobs.get(namespace, attemptName(job, attemptOf(job)))
    const gang = present && controllerOf(present)?.uid === uid ? present : undefined
    const prepared = prepareTrainingJob(job, capabilities, () => plans.plan(job, gang !== undefined))
    const isOfGang = (pod: Pod): boolean => gang !== undefined && controllerOf(pod)?.uid === gang.metadata.uid
    const all = podsOf(key)
    const observed = {
      job,
      prepared,
      children: childrenOf(job, prepared.kind === 'planned' ? prepared.objects : [], find),
      gang,
      gangPods: all.filter(isOfGang),
      past: [...jobsOf(uid), ...groupsOf(uid)].filter(object => isPast(job, object)),
      pastPods: all.filter(pod => !isOfGang(pod) && mayRun(pod)),
      code: job.spec.code && configMaps.get(namespace, job.spec.code.configMap),
    }
    return perform(reconcileTrainingJob(observed, clock.now()))
  }

  const all = [trainingJobs, jobs, pods, configMaps, groups, nodes, fleets, ...others]
  return { name: 'trainingjob', queue, ready: () => Promise.all(all.map(({ synced }) => synced)), reconcile, log }
}

function prepareTrainingJob(job: TrainingJob, capabilities: Capabilities, plan: () => PlanAnswer): PreparedTrainingJob {
  const refusal = refuseSpec(job)
  if (refusal) return { kind: 'refused', refusal }
  const answer = plan()
  if (answer.kind === 'waiting') return answer
  if (answer.kind === 'refused')
    return { kind: 'refused', refusal: { reason: 'InvalidSpec', problems: answer.problems } }
  const objects = compile(job, answer.plan, capabilities, { attempt: attemptOf(job) })
  if (!objects.ok) return { kind: 'refused', refusal: { reason: 'PlanFailed', problems: objects.problems } }
  return { ...answer, objects: objects.value }
}

/** A pod that is on its way out may run until the last of its grace period. */
const mayRun = ({ status }: Pod): boolean => status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

/** The TrainingJob whose rank the pod is, by the labels that the compiler gives it. */
function declarationOf({ metadata: { namespace, labels } }: Pod): readonly string[] {
  const name = labels?.[OWNER_NAME]
  return name !== undefined && labels?.[OWNER_KIND] === KIND.toLowerCase() ? [`${namespace}/${name}`] : []
}
