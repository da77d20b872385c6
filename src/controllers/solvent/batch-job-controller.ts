/** The BatchJob controller's shell. */
import type { Capabilities } from '../../compiler/capabilities.ts'
import type { ConfigMap, Node, Pod } from '../../kube/core.ts'
import { PLAN_KEY } from '../../kube/names.ts'
import { controllerOf, type KubeObject, keyOf } from '../../kube/object.ts'
import type { Job } from '../../kube/workloads.ts'
import { API_VERSION, type BatchJob } from '../../spec/kinds.ts'
import type { ControllerContext } from '../runtime/context.ts'
import type { Controller } from '../runtime/run-controller.ts'
import { childrenOf, finderOf, ownerKeysOf } from './children.ts'
import type { InputLister } from './input-files.ts'
import { prepareBatchJob } from './prepare-batch-job.ts'
import { afterBatchJob, isFinished, newsOf, type PreparedBatchJob, reconcileBatchJob } from './reconcile-batch-job.ts'

export function batchJobController(
  context: ControllerContext,
  capabilities: Capabilities,
  inputs: InputLister,
): Controller {
  const { clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('batchjob-controller')
  const batchJobs = informers.of<BatchJob>(API_VERSION, 'BatchJob')
  const jobs = informers.of<Job>('batch/v1', 'Job')
  const pods = informers.of<Pod>('v1', 'Pod')
  const nodes = informers.of<Node>('v1', 'Node')
  const configMaps = informers.of<ConfigMap>('v1', 'ConfigMap')
  const others = [
    informers.of('v1', 'Service'),
    informers.of('v1', 'ServiceAccount'),
    informers.of('rbac.authorization.k8s.io/v1', 'Role'),
    informers.of('rbac.authorization.k8s.io/v1', 'RoleBinding'),
  ]
  const queue = newQueue()
  const prepared = new Map<string, PreparedBatchJob>()
  const find = finderOf(informers)
  const podsOf = pods.index(pod => (controllerOf(pod) ? [controllerOf(pod)!.uid] : []))
  const planMapsOf = configMaps.index(map =>
    controllerOf(map)?.kind === 'BatchJob' && map.binaryData?.[PLAN_KEY] ? [controllerOf(map)!.uid] : [],
  )

  for (const event of ['add', 'update'] as const) {
    batchJobs.on(event, (job: BatchJob) => queue.add(keyOf(job)))
    // Jobs that waited for something to run on.
    nodes.on(event, () => {
      for (const job of batchJobs.list())
        if (!isFinished(job) && !prepared.has(job.metadata.uid!)) queue.add(keyOf(job))
    })
  }
  batchJobs.on('update', (job, before) => void perform(newsOf(job, before)))
  batchJobs.on('delete', ({ metadata }) => void prepared.delete(metadata.uid!))
  const touchOwner = (object: KubeObject): void => {
    for (const key of ownerKeysOf('BatchJob', object)) queue.add(key)
  }
  for (const event of ['add', 'update', 'delete'] as const) jobs.on(event, touchOwner)
  for (const informer of [configMaps, ...others]) informer.on('delete', touchOwner)

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const job = batchJobs.get(namespace, name)
    if (!job || job.metadata.deletionTimestamp) return undefined
    const uid = job.metadata.uid!
    const own = (jobName: string): Job | undefined => {
      const found = jobs.get(namespace, jobName)
      return found && controllerOf(found)?.uid === uid ? found : undefined
    }
    const coordinator = own(`${name}-coordinator`)
    const workers = own(`${name}-workers`)
    if (isFinished(job)) return perform(afterBatchJob(job, [coordinator, workers], clock.now()))
    const ready = prepared.get(uid) ?? (await prepare(job))
    // A node that comes wakes it up.
    if (!ready) return undefined
    const objects = ready.kind === 'planned' ? ready.objects : []
    return perform(
      reconcileBatchJob(
        {
          job,
          prepared: ready,
          children: childrenOf(job, objects, find),
          coordinator,
          workers,
          coordinatorPods: podsOf(coordinator?.metadata.uid ?? ''),
          workerPods: podsOf(workers?.metadata.uid ?? ''),
          code: job.spec.code && configMaps.get(namespace, job.spec.code.configMap),
        },
        clock.now(),
      ),
    )
  }

  async function prepare(job: BatchJob): Promise<PreparedBatchJob | undefined> {
    const uid = job.metadata.uid!
    const [planMap] = planMapsOf(uid)
    const made = await prepareBatchJob(job, { inputs, capabilities, nodes: nodes.list(), planMap })
    // What was refused is looked at again if the object changes: whoever sees the reason may mend it.
    if (made?.kind === 'planned') prepared.set(uid, made)
    return made
  }

  const all = [batchJobs, jobs, pods, nodes, configMaps, ...others]
  return { name: 'batchjob', queue, ready: () => Promise.all(all.map(({ synced }) => synced)), reconcile, log }
}
