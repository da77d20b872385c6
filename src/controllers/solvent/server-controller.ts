/** The Server controller's shell. */
import type { KubeApi } from '../../client/kube-api.ts'
import type { Capabilities } from '../../compiler/capabilities.ts'
import { compile } from '../../compiler/compile.ts'
import { canaryName } from '../../compiler/targets/server/deployment.ts'
import type { HorizontalPodAutoscaler, PodMetrics } from '../../kube/autoscaling.ts'
import type { ConfigMap, Pod, Service } from '../../kube/core.ts'
import { OWNER_KIND, OWNER_NAME, ROLE } from '../../kube/names.ts'
import { controllerOf, type KubeObject, keyOf } from '../../kube/object.ts'
import type { Deployment, ReplicaSet } from '../../kube/workloads.ts'
import { API_VERSION, type Server } from '../../spec/kinds.ts'
import type { ControllerContext } from '../runtime/context.ts'
import type { Controller } from '../runtime/run-controller.ts'
import { childrenOf, finderOf, ownerKeysOf } from './children.ts'
import { type PreparedServer, reconcileServer, type ServerObserved } from './reconcile-server.ts'
import { refuseSpec } from './refusal.ts'
import { withTemplateName } from './server-canary.ts'
import { revisionsOf } from './server-leftovers.ts'
import { usageOf } from './server-usage.ts'

const KIND = 'Server'
/** As often as an autoscaler looks. */
const MEASURE_EVERY_MS = 15_000
/** What one declaration may have and the next may not. */
const OPTIONAL_KINDS = [
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['policy/v1', 'PodDisruptionBudget'],
  ['networking.k8s.io/v1', 'Ingress'],
] as const

export function serverController(context: ControllerContext, capabilities: Capabilities): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('server-controller')
  const servers = informers.of<Server>(API_VERSION, KIND)
  const deployments = informers.of<Deployment>('apps/v1', 'Deployment')
  const sets = informers.of<ReplicaSet>('apps/v1', 'ReplicaSet')
  const pods = informers.of<Pod>('v1', 'Pod')
  const services = informers.of<Service>('v1', 'Service')
  const configMaps = informers.of<ConfigMap>('v1', 'ConfigMap')
  const optional = OPTIONAL_KINDS.map(([apiVersion, kind]) => informers.of(apiVersion, kind))
  const scalers = informers.of<HorizontalPodAutoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler')
  const queue = newQueue()
  /** By namespace and name; empty where nobody measures. */
  let measured: ReadonlyMap<string, readonly PodMetrics[]> = new Map()
  const find = finderOf(informers)
  const ownerUids = ({ metadata }: KubeObject): readonly string[] =>
    (metadata.ownerReferences ?? []).flatMap(({ kind, uid }) => (kind === KIND && uid ? [uid] : []))
  const deploymentsOf = deployments.index(ownerUids)
  const mapsOf = configMaps.index(ownerUids)
  const optionalOf = optional.map(informer => informer.index(ownerUids))
  const setsOf = sets.index(set => [`${set.metadata.namespace}/${controllerOf(set)?.name ?? ''}`])
  const canariesOf = pods.index(canaryKeys)

  for (const event of ['add', 'update'] as const) servers.on(event, (server: Server) => queue.add(keyOf(server)))
  const touchOwner = (object: KubeObject): void => {
    for (const key of ownerKeysOf(KIND, object)) queue.add(key)
  }
  for (const event of ['add', 'update', 'delete'] as const) {
    deployments.on(event, touchOwner)
    pods.on(event, (pod: Pod) => {
      for (const key of canaryKeys(pod)) queue.add(key)
    })
  }
  // An old revision that goes takes its configuration along.
  sets.on('delete', (set: ReplicaSet) => {
    const owner = deployments.get(set.metadata.namespace, controllerOf(set)?.name ?? '')
    if (owner) touchOwner(owner)
  })
  for (const event of ['update', 'delete'] as const) services.on(event, touchOwner)
  for (const informer of [configMaps, ...optional]) informer.on('delete', touchOwner)
  configMaps.on('add', (map: ConfigMap) => {
    for (const key of codeKeys(map)) queue.add(key)
  })

  async function measure(): Promise<void> {
    const running = servers.list().filter(({ status }) => (status?.readyReplicas ?? 0) > 0)
    if (running.length > 0) {
      measured = await podMetricsOf(api)
      for (const server of running) queue.add(keyOf(server))
    }
    clock.after(MEASURE_EVERY_MS, () => void measure())
  }

  function observe(server: Server): ServerObserved {
    const { namespace, name = '', uid = '' } = server.metadata
    const own = deploymentsOf(uid)
    const prepared = prepareServer(server, capabilities)
    const found = services.get(namespace, name)
    const { code } = server.spec
    return {
      server,
      prepared,
      capabilities,
      children: childrenOf(server, prepared.kind === 'compiled' ? prepared.objects : [], find),
      belongings: {
        objects: optionalOf.flatMap(of => of(uid)),
        configMaps: mapsOf(uid),
        revisions: revisionsOf(
          own,
          own.flatMap(({ metadata }) => setsOf(`${namespace}/${metadata.name}`)),
        ),
      },
      deployment: own.find(({ metadata }) => metadata.name === name),
      canary: own.find(({ metadata }) => metadata.name === canaryName(server)),
      canaryPods: canariesOf(`${namespace}/${name}`),
      service: found && controllerOf(found)?.uid === uid ? found : undefined,
      code: code && configMaps.get(namespace, code.configMap),
      usage: usageOf(measured.get(`${namespace}/${name}`) ?? [], scalers.get(namespace, name), server.status),
    }
  }

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace, name = ''] = key.split('/')
    const server = servers.get(namespace, name)
    return server && perform(reconcileServer(observe(server), clock.now()))
  }

  const all = [servers, deployments, sets, pods, services, configMaps, ...optional]
  const ready = () => Promise.all(all.map(({ synced }) => synced)).then(measure)
  return { name: 'server', queue, ready, reconcile, log }
}

/** Of all Servers at once. A cluster without metrics-server has none. */
async function podMetricsOf(api: KubeApi): Promise<ReadonlyMap<string, readonly PodMetrics[]>> {
  const found = new Map<string, PodMetrics[]>()
  const collection = { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' }
  const labelSelector = `${OWNER_KIND}=${KIND.toLowerCase()}`
  const { items } = await api.list<PodMetrics>(collection, { labelSelector }).catch(() => ({ items: [] }))
  for (const metrics of items) {
    for (const key of labelledKeys(metrics)) found.set(key, [...(found.get(key) ?? []), metrics])
  }
  return found
}

const labelledKeys = ({ metadata: { namespace, labels } }: KubeObject): readonly string[] =>
  labels?.[OWNER_KIND] === KIND.toLowerCase() ? [`${namespace}/${labels[OWNER_NAME]}`] : []

const canaryKeys = (pod: Pod): readonly string[] => (pod.metadata.labels?.[ROLE] === 'canary' ? labelledKeys(pod) : [])

/** Code comes before the declaration that names it, and is taken on then; after a restart it may come later. */
const codeKeys = (map: ConfigMap): readonly string[] => (map.binaryData ? labelledKeys(map) : [])

function prepareServer(server: Server, capabilities: Capabilities): PreparedServer {
  const refusal = refuseSpec(server)
  if (refusal) return { kind: 'refused', refusal }
  const objects = compile(server, undefined, capabilities)
  if (!objects.ok) return { kind: 'refused', refusal: { reason: 'PlanFailed', problems: objects.problems } }
  const named = objects.value.map(object =>
    object.kind === 'Deployment' ? withTemplateName(object as Deployment) : object,
  )
  return { kind: 'compiled', objects: named }
}
