/**
 * TrainingJob -> a gang: an Indexed Job of one pod a node, scheduled all or nothing through the native gang API (KEP-4671), its ranks
 * started by launcher.sh with torchrun's environment. A gang that failed is a new Job under the next attempt's name, as JobSet does.
 */
import { ok, type Result } from '../../base/problem.ts'
import { contentHash8 } from '../../kube/content-name.ts'
import type { ConfigMap, Container, EnvVar, PodTemplateSpec, Service } from '../../kube/core.ts'
import { ATTEMPT, COMPLETION_INDEX, PLAN_DIR, ROLE } from '../../kube/names.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { Job, PodGroup, Workload } from '../../kube/workloads.ts'
import type { TrainingPlan } from '../../planner/training/plan.ts'
import type { TrainingJob } from '../../spec/kinds.ts'
import type { Capabilities } from '../capabilities.ts'
import { imageOf, missingImage } from '../image.ts'
import { LAUNCHER, LAUNCHER_KEY } from '../launcher.ts'
import { labelsFor, metadataFor, nameOf, namespaceOf, ownerLabels } from '../made-for.ts'
import { portOf } from '../port-of.ts'
import { requestsOf } from '../requests.ts'
import { places } from '../volumes.ts'

const RANK_REQUESTS = { cpu: '100m', memory: '256Mi' }
export const MAX_RESTARTS = 3

/** The one template of the Workload, which every attempt's PodGroup is made from. */
const GROUP = 'ranks'

export function compileTrainingJob(
  job: TrainingJob,
  plan: TrainingPlan,
  capabilities: Capabilities,
  attempt = 0,
): Result<readonly KubeObject[]> {
  const problems = missingImage(job, capabilities)
  if (problems.length > 0) return { ok: false, problems }
  return ok([
    planConfigMap(job, plan),
    headlessService(job, attempt),
    ...(capabilities.gang === 'podgroup' ? [workload(job, plan), podGroup(job, plan, attempt)] : []),
    gangJob(job, plan, capabilities, attempt),
  ])
}

export const attemptName = (job: TrainingJob, attempt: number): string => `${nameOf(job)}-${attempt}`

/** Another port for another attempt: ranks of the last one may still be about to end. */
const masterPort = (job: TrainingJob, attempt: number): number =>
  portOf(namespaceOf(job), nameOf(job), `attempt-${attempt}`)

const planData = (plan: TrainingPlan): Readonly<Record<string, string>> => ({
  'plan.json': `${JSON.stringify(plan, undefined, 2)}\n`,
  [LAUNCHER_KEY]: LAUNCHER,
})

const planConfigMapName = (job: TrainingJob, plan: TrainingPlan): string =>
  `${nameOf(job)}-plan-${contentHash8({ data: planData(plan) })}`

const planConfigMap = (job: TrainingJob, plan: TrainingPlan): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadataFor(job, planConfigMapName(job, plan)),
  immutable: true,
  data: planData(plan),
})

function headlessService(job: TrainingJob, attempt: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataFor(job, nameOf(job)),
    spec: {
      clusterIP: 'None',
      // Ranks look for rank 0 while it is starting.
      publishNotReadyAddresses: true,
      selector: ownerLabels(job),
      ports: [{ name: 'rendezvous', port: masterPort(job, attempt) }],
    },
  }
}

const gangOf = ({ pods }: TrainingPlan) => ({
  schedulingPolicy: { gang: { minCount: pods } },
  disruptionMode: { all: {} },
})

const workload = (job: TrainingJob, plan: TrainingPlan): Workload => ({
  apiVersion: 'scheduling.k8s.io/v1beta1',
  kind: 'Workload',
  metadata: metadataFor(job, nameOf(job)),
  spec: {
    controllerRef: { apiGroup: 'solvent.dev', kind: 'TrainingJob', name: nameOf(job) },
    podGroupTemplates: [{ name: GROUP, ...gangOf(plan) }],
  },
})

const podGroup = (job: TrainingJob, plan: TrainingPlan, attempt: number): PodGroup => ({
  apiVersion: 'scheduling.k8s.io/v1beta1',
  kind: 'PodGroup',
  metadata: metadataFor(job, attemptName(job, attempt), { [ATTEMPT]: String(attempt) }),
  spec: { workloadRef: { workloadName: nameOf(job), templateName: GROUP }, ...gangOf(plan) },
})

function gangJob(job: TrainingJob, plan: TrainingPlan, capabilities: Capabilities, attempt: number): Job {
  const labels = { [ROLE]: 'rank', [ATTEMPT]: String(attempt) }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataFor(job, attemptName(job, attempt), labels),
    spec: {
      completionMode: 'Indexed',
      completions: plan.pods,
      parallelism: plan.pods,
      // One pod that fails fails the gang.
      backoffLimit: 0,
      template: podTemplate(job, plan, capabilities, attempt, labels),
    },
  }
}

function podTemplate(
  job: TrainingJob,
  plan: TrainingPlan,
  capabilities: Capabilities,
  attempt: number,
  labels: Readonly<Record<string, string>>,
): PodTemplateSpec {
  const { code, resources, workingDir } = job.spec
  const { volumes, volumeMounts } = places(planConfigMapName(job, plan), code)
  return {
    metadata: { labels: labelsFor(job, labels) },
    spec: {
      restartPolicy: 'Never',
      subdomain: nameOf(job),
      automountServiceAccountToken: false,
      ...(capabilities.gang === 'podgroup' ? { schedulingGroup: { podGroupName: attemptName(job, attempt) } } : {}),
      containers: [
        {
          name: 'ranks',
          ...imageOf(job),
          ...launch(job),
          ...(workingDir === undefined ? {} : { workingDir }),
          env: [...rankEnvironment(job, plan, attempt), ...userEnvironment(job)],
          ports: [{ name: 'rendezvous', containerPort: masterPort(job, attempt) }],
          resources: requestsOf(resources, RANK_REQUESTS, plan.ranksPerPod),
          volumeMounts,
        },
      ],
      volumes,
    },
  }
}

/** The shell expands $SOLVENT_ROOT, which only the embedded cluster sets; the kubelet expands `$(NAME)` only. */
function launch({ spec: { framework } }: TrainingJob): Pick<Container, 'command' | 'args'> {
  const { command, node } = framework
  const path = `${PLAN_DIR}/${LAUNCHER_KEY}`
  return {
    command: ['/bin/sh', '-c', `exec /bin/sh "$SOLVENT_ROOT${path}" "$@"`, 'launcher'],
    args: command ?? ['--node', ...(node?.args ?? [])],
  }
}

/** As torchrun sets it (pytorch: docs/source/elastic/run.rst, "Environment Variables"). */
function rankEnvironment(job: TrainingJob, plan: TrainingPlan, attempt: number): readonly EnvVar[] {
  const index: EnvVar['valueFrom'] = { fieldRef: { fieldPath: `metadata.annotations['${COMPLETION_INDEX}']` } }
  const oneRank = plan.ranksPerPod === 1
  return [
    { name: 'MASTER_ADDR', value: `${attemptName(job, attempt)}-0.${nameOf(job)}` },
    { name: 'MASTER_PORT', value: String(masterPort(job, attempt)) },
    { name: 'WORLD_SIZE', value: String(plan.ranks) },
    { name: 'LOCAL_WORLD_SIZE', value: String(plan.ranksPerPod) },
    { name: 'GROUP_RANK', valueFrom: index },
    { name: 'GROUP_WORLD_SIZE', value: String(plan.pods) },
    // With several ranks a pod the launcher sets both.
    ...(oneRank
      ? [
          { name: 'RANK', valueFrom: index },
          { name: 'LOCAL_RANK', value: '0' },
        ]
      : []),
    { name: 'TORCHELASTIC_RESTART_COUNT', value: String(attempt) },
    { name: 'TORCHELASTIC_MAX_RESTARTS', value: String(job.spec.maxRestarts ?? MAX_RESTARTS) },
    { name: 'TORCHELASTIC_RUN_ID', value: nameOf(job) },
    { name: 'SOLVENT_JOB', value: nameOf(job) },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  ]
}

const userEnvironment = ({ spec }: TrainingJob): readonly EnvVar[] =>
  Object.entries(spec.env ?? {}).map(([name, value]) => ({ name, value }))
