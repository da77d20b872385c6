/**
 * BatchJob -> a coordinator and its workers: two Indexed Jobs that find each other through one headless Service. Their containers restart
 * in place; what a lost worker had made is made again by the others.
 */
import { ok, type Result } from '../../base/problem.ts'
import type {
  EnvVar,
  PodSpec,
  PodTemplateSpec,
  ResourceRequirements,
  Service,
  ServiceAccount,
} from '../../kube/core.ts'
import { ROLE } from '../../kube/names.ts'
import type { KubeObject } from '../../kube/object.ts'
import { wholeValue } from '../../kube/quantity.ts'
import type { Job, Role, RoleBinding } from '../../kube/workloads.ts'
import type { BatchPlan } from '../../planner/batch/plan.ts'
import type { BatchJob } from '../../spec/kinds.ts'
import type { Capabilities } from '../capabilities.ts'
import { imageOf, missingImage } from '../image.ts'
import { labelsFor, metadataFor, nameOf, namespaceOf, ownerLabels } from '../made-for.ts'
import { gzippedPlan, planName, tooManyFiles } from '../plan-config-map.ts'
import { portOf } from '../port-of.ts'
import { requestsOf } from '../requests.ts'
import { places } from '../volumes.ts'

export const WORKER_REQUESTS = { cpu: '900m', memory: '400Mi' }
export const COORDINATOR_REQUESTS = { cpu: '50m', memory: '128Mi' }

/**
 * Restarts of containers count against it (a Job's back-off counts them with restartPolicy OnFailure). The coordinator decides when a task
 * has failed too often; the Job's own limit only ends what can never run.
 */
const COORDINATOR_RESTARTS = 10
const WORKER_RESTARTS = 100

export function compileBatchJob(
  job: BatchJob,
  plan: BatchPlan,
  capabilities: Capabilities,
  workers: number = workersFor(plan, plan.strategy.numSplits),
): Result<readonly KubeObject[]> {
  const planMap = gzippedPlan(job, plan)
  const problems = [...missingImage(job, capabilities), ...tooManyFiles(planMap, plan)]
  if (problems.length > 0) return { ok: false, problems }
  return ok([
    ...coordinatorRights(job),
    planMap,
    headlessService(job),
    coordinatorJob(job, plan),
    workerJob(job, plan, workers),
  ])
}

/** How many workers `tasks` tasks deserve, running ones included. */
export const workersFor = ({ strategy: { workers } }: BatchPlan, tasks: number): number =>
  Math.max(workers.min, Math.min(workers.max, tasks))

const coordinatorName = (job: BatchJob): string => `${nameOf(job)}-coordinator`
const coordinatorPort = (job: BatchJob): number => portOf(namespaceOf(job), nameOf(job))

/** The coordinator may read its BatchJob and write that one's status: nothing else. */
function coordinatorRights(job: BatchJob): readonly KubeObject[] {
  const name = coordinatorName(job)
  const metadata = metadataFor(job, name)
  const account: ServiceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata }
  const role: Role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata,
    rules: [
      { apiGroups: ['solvent.dev'], resources: ['batchjobs'], resourceNames: [nameOf(job)], verbs: ['get'] },
      {
        apiGroups: ['solvent.dev'],
        resources: ['batchjobs/status'],
        resourceNames: [nameOf(job)],
        verbs: ['get', 'patch', 'update'],
      },
    ],
  }
  const binding: RoleBinding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace: namespaceOf(job) }],
  }
  return [account, role, binding]
}

function headlessService(job: BatchJob): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataFor(job, nameOf(job)),
    spec: {
      clusterIP: 'None',
      // Workers look for the coordinator before it is ready.
      publishNotReadyAddresses: true,
      selector: ownerLabels(job),
      ports: [{ name: 'coordinator', port: coordinatorPort(job) }],
    },
  }
}

function coordinatorJob(job: BatchJob, plan: BatchPlan): Job {
  const resources = requestsOf(undefined, COORDINATOR_REQUESTS)
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataFor(job, coordinatorName(job), { [ROLE]: 'coordinator' }),
    spec: {
      completionMode: 'Indexed',
      completions: 1,
      parallelism: 1,
      backoffLimit: COORDINATOR_RESTARTS,
      template: podTemplate(job, plan, 'coordinator', resources, { serviceAccountName: coordinatorName(job) }),
    },
  }
}

/** The worker Job for a number of workers: an elastic Indexed Job, of which completions and parallelism are changed together. */
export function workerJob(job: BatchJob, plan: BatchPlan, workers: number): Job {
  const resources = requestsOf(job.spec.resources, WORKER_REQUESTS)
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataFor(job, `${nameOf(job)}-workers`, { [ROLE]: 'worker' }),
    spec: {
      completionMode: 'Indexed',
      completions: workers,
      parallelism: workers,
      backoffLimit: WORKER_RESTARTS,
      // A worker asks the API for nothing.
      template: podTemplate(job, plan, 'worker', resources, { automountServiceAccountToken: false }),
    },
  }
}

function podTemplate(
  job: BatchJob,
  plan: BatchPlan,
  role: 'coordinator' | 'worker',
  resources: ResourceRequirements,
  account: Pick<PodSpec, 'serviceAccountName' | 'automountServiceAccountToken'>,
): PodTemplateSpec {
  const { volumes, volumeMounts } = places(planName(job, plan), job.spec.code)
  const ports = role === 'coordinator' ? { ports: [{ name: 'coordinator', containerPort: coordinatorPort(job) }] } : {}
  return {
    metadata: { labels: labelsFor(job, { [ROLE]: role }) },
    spec: {
      restartPolicy: 'OnFailure',
      subdomain: nameOf(job),
      ...account,
      containers: [
        {
          name: role,
          ...imageOf(job),
          command: ['solvent-batch', role],
          env: environment(job),
          ...ports,
          resources,
          volumeMounts,
        },
      ],
      volumes,
    },
  }
}

function environment(job: BatchJob): readonly EnvVar[] {
  const memory = job.spec.resources?.memory ?? WORKER_REQUESTS.memory
  return [
    { name: 'SOLVENT_JOB', value: nameOf(job) },
    { name: 'SOLVENT_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    { name: 'SOLVENT_COORDINATOR', value: `${coordinatorName(job)}-0.${nameOf(job)}:${coordinatorPort(job)}` },
    { name: 'SOLVENT_WORKER_MEMORY', value: String(wholeValue(memory)) },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ]
}
