/**
 * One copy of a Server. It is out of the Service's address before it is asked to end: Kubernetes takes it out and asks it at the same time,
 * so `preStop` waits until everybody who forwards has heard of it, and the grace for what is under way counts from there.
 */
import type { Container, PodTemplateSpec, Toleration } from '../../../kube/core.ts'
import { POD_TEMPLATE_HASH, ROLE } from '../../../kube/names.ts'
import type { Server } from '../../../spec/kinds.ts'
import type { Capabilities } from '../../capabilities.ts'
import { imageOf } from '../../image.ts'
import { labelsFor, ownerLabels } from '../../made-for.ts'
import { requestsOf } from '../../requests.ts'
import { givenTo } from './configuration.ts'
import { metricsOf, metricsPort } from './metrics.ts'
import { portName, transportOf } from './names.ts'
import { probesOf } from './probes.ts'
import { mostCopies } from './scaling.ts'

const REPLICA_REQUESTS = { cpu: '100m', memory: '256Mi' }
const GRACE_SECONDS = 30
/** Until every node's proxy and every load balancer has heard of it: here milliseconds, in a cluster of many nodes seconds. */
const DRAIN_SECONDS = { embedded: 1, elsewhere: 5 }

export function podTemplate(server: Server, capabilities: Capabilities, role: string): PodTemplateSpec {
  const { tolerationSeconds, graceSeconds = GRACE_SECONDS } = server.spec
  const drainSeconds = capabilities.embedded ? DRAIN_SECONDS.embedded : DRAIN_SECONDS.elsewhere
  const { volumes } = givenTo(server)
  const annotations = metricsOf(server)
  return {
    metadata: { labels: labelsFor(server, { [ROLE]: role }), ...(annotations ? { annotations } : {}) },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: drainSeconds + graceSeconds,
      ...spread(server),
      ...(tolerationSeconds === undefined ? {} : { tolerations: tolerations(tolerationSeconds) }),
      containers: [container(server, drainSeconds)],
      ...(volumes.length > 0 ? { volumes } : {}),
    },
  }
}

function container(server: Server, drainSeconds: number): Container {
  const { run, resources } = server.spec
  const { env, envFrom, volumeMounts } = givenTo(server)
  return {
    name: 'server',
    ...imageOf(server),
    ...(run.command === undefined ? { command: [MODULE_RUNNER] } : { command: run.command }),
    ...(run.workingDir === undefined ? {} : { workingDir: run.workingDir }),
    ...environment([...env, ...moduleEnvironment(server)]),
    ...(envFrom.length > 0 ? { envFrom } : {}),
    ports: [
      {
        name: portName(server),
        containerPort: run.port,
        ...(transportOf(server) === 'UDP' ? { protocol: 'UDP' } : {}),
      },
      ...ownMetricsPort(server),
    ],
    ...probesOf(server),
    lifecycle: { preStop: { sleep: { seconds: drainSeconds } } },
    resources: requestsOf(resources, REPLICA_REQUESTS),
    ...(volumeMounts.length > 0 ? { volumeMounts } : {}),
  }
}

const environment = (env: Container['env'] & object): Pick<Container, 'env'> => (env.length > 0 ? { env } : {})

/** dist/serve.js, which finds the bundled module at CODE_DIR. */
export const MODULE_RUNNER = 'solvent-serve'

const moduleEnvironment = (server: Server): Container['env'] & object =>
  server.spec.run.module === undefined
    ? []
    : [
        { name: 'SOLVENT_METRICS_PORT', value: String(metricsPort(server)) },
        { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      ]

const ownMetricsPort = (server: Server): Container['ports'] & object => {
  const port = metricsPort(server)
  const isTold = server.spec.run.module !== undefined || server.spec.metrics?.port !== undefined
  return isTold && port !== server.spec.run.port ? [{ name: 'metrics', containerPort: port }] : []
}

const TOPOLOGY_KEYS = { node: 'kubernetes.io/hostname', zone: 'topology.kubernetes.io/zone' } as const

/** Each revision by itself: the copies of the last one, about to end, count for nothing (KEP-3243). */
function spread(server: Server): object {
  const { over = ['zone', 'node'], required = false } = server.spec.spread ?? {}
  if (over.length === 0 || mostCopies(server) <= 1) return {}
  return {
    topologySpreadConstraints: over.map(place => ({
      maxSkew: 1,
      topologyKey: TOPOLOGY_KEYS[place],
      whenUnsatisfiable: required ? 'DoNotSchedule' : 'ScheduleAnyway',
      labelSelector: { matchLabels: ownerLabels(server) },
      matchLabelKeys: [POD_TEMPLATE_HASH],
    })),
  }
}

const tolerations = (tolerationSeconds: number): readonly Toleration[] =>
  ['not-ready', 'unreachable'].map(state => ({
    key: `node.kubernetes.io/${state}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds,
  }))
