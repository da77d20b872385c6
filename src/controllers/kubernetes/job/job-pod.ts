/** The pods of a Job: how one is made from the template, and what its state says (pkg/controller/job/indexed_job_utils.go). */
import type { Container, EnvVar, Pod } from '../../../kube/core.ts'
import { COMPLETION_INDEX, CONTROLLER_UID, JOB_NAME } from '../../../kube/names.ts'
import { controllerRef } from '../../../kube/object.ts'
import type { Job } from '../../../kube/workloads.ts'

/** Keeps a pod, deleted or not, until the Job's status has counted it. */
export const JOB_TRACKING = 'batch.kubernetes.io/job-tracking'
/** On pods of a Job with `backoffLimitPerIndex`: failures of the index before this pod, those that counted and those that did not. */
const INDEX_FAILURE_COUNT = 'batch.kubernetes.io/job-index-failure-count'
const INDEX_IGNORED_FAILURE_COUNT = 'batch.kubernetes.io/job-index-ignored-failure-count'

export const isTracked = (pod: Pod): boolean => pod.metadata.finalizers?.includes(JOB_TRACKING) ?? false
export const hasEnded = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
export const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined && !hasEnded(pod)
export const isActive = (pod: Pod): boolean => pod.metadata.deletionTimestamp === undefined && !hasEnded(pod)
export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

/** What still matters to its Job: runs, ends, or waits to be counted. The others are history, however many they are. */
export const isOpen = (pod: Pod): boolean => isTracked(pod) || !hasEnded(pod)

export const isIndexed = (job: Job): boolean => job.spec.completionMode === 'Indexed'
export const parallelismOf = (job: Job): number => job.spec.parallelism ?? 1

/** Undefined for a pod that belongs to no index of the Job. */
export function completionIndexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[COMPLETION_INDEX]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

/** How often a pod's index failed before it. */
export interface IndexFailures {
  readonly counted: number
  readonly ignored: number
}

export const indexFailuresOf = ({ metadata: { annotations } }: Pod): IndexFailures => ({
  counted: countIn(annotations?.[INDEX_FAILURE_COUNT]),
  ignored: countIn(annotations?.[INDEX_IGNORED_FAILURE_COUNT]),
})

const MAX_INT32 = 2 ** 31 - 1

/** Anybody may write annotations: what is no count is none. */
function countIn(text: string | undefined): number {
  const count = text !== undefined && /^\d+$/.test(text) ? Number(text) : 0
  return count <= MAX_INT32 ? count : 0
}

/** Pods of one Job as `restartPolicy: OnFailure` counts failures: restarts of containers of pods that still run. */
export const restartsOf = (pod: Pod): number =>
  [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].reduce(
    (sum, { restartCount }) => sum + restartCount,
    0,
  )

export function podOfJob(job: Job, index?: number, indexFailures?: IndexFailures): Pod {
  const { name = '', namespace, uid = '' } = job.metadata
  const { template } = job.spec
  const at: Record<string, string> = index === undefined ? {} : { [COMPLETION_INDEX]: String(index) }
  const failures: Record<string, string> = {
    ...(indexFailures && { [INDEX_FAILURE_COUNT]: String(indexFailures.counted) }),
    ...(indexFailures?.ignored && { [INDEX_IGNORED_FAILURE_COUNT]: String(indexFailures.ignored) }),
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: index === undefined ? `${name}-` : indexedPrefix(name, index),
      namespace,
      labels: {
        ...template.metadata?.labels,
        [CONTROLLER_UID]: uid,
        [JOB_NAME]: name,
        // The names before Kubernetes 1.27, which people still select by.
        'controller-uid': uid,
        'job-name': name,
        ...at,
      },
      annotations: { ...template.metadata?.annotations, ...at, ...failures },
      ownerReferences: [controllerRef(job)],
      finalizers: [JOB_TRACKING],
    },
    spec: index === undefined ? template.spec : indexedSpec(template.spec, `${name}-${index}`),
  }
}

/** What the API server makes a name from, before its five letters. */
const MAX_PREFIX = 58

/** A long name of a Job gives way, not the index. */
export function indexedPrefix(name: string, index: number): string {
  const end = `-${index}-`
  return `${name.slice(0, MAX_PREFIX - end.length)}${end}`
}

function indexedSpec(spec: Pod['spec'], hostname: string): Pod['spec'] {
  return {
    ...spec,
    hostname,
    containers: spec.containers.map(withIndex),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(withIndex) } : {}),
  }
}

const INDEX_ENV: EnvVar = {
  name: 'JOB_COMPLETION_INDEX',
  valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${COMPLETION_INDEX}']` } },
}

const withIndex = (container: Container): Container =>
  container.env?.some(({ name }) => name === INDEX_ENV.name)
    ? container
    : { ...container, env: [...(container.env ?? []), INDEX_ENV] }
