/**
 * The network part that a cluster has once: Services' addresses (kube-proxy's place), DNS (CoreDNS') and what waits for pods that are not
 * there yet. It needs nothing of a node's agent, so it may run in a process of its own; what it wrote into the kernel outlives it.
 */
import type { Clock } from '../base/clock.ts'
import type { HostCommands } from '../base/host-commands.ts'
import { createEventRecorder } from '../client/events.ts'
import { createInformer, type Informer } from '../client/informer.ts'
import type { KubeApi } from '../client/kube-api.ts'
import type { EndpointSlice, Node, Pod, Service } from '../kube/core.ts'
import { SCALE_FROM_ZERO } from '../kube/names.ts'
import type { KubeObject } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'
import type { Activator } from './activator/activator.ts'
import { type Network as AddressRange, addressAt, parseNetwork } from './address-range.ts'
import { createNameService, type NameService } from './dns/name-service.ts'
import { publishDns } from './dns/publish-dns.ts'
import { openOutside } from './outside.ts'
import { DNS_SERVICE, type PodNetwork } from './pod-network.ts'
import { forwardingsOf, serviceKey } from './services/forwarding.ts'
import { hasHostPort, hostPortsOf, isElsewhere } from './services/host-ports.ts'
import { balancerStatus } from './services/load-balancer.ts'
import { openProxy } from './services/open-proxy.ts'
import type { Refusal, ServiceProxy } from './services/service-proxy.ts'

export interface ServicesOptions {
  readonly api: KubeApi
  readonly clock: Clock
  readonly commands: HostCommands
  readonly network: PodNetwork
  readonly log: (message: string) => void
}

export interface RunningServices {
  /** Names are answered and what was there at the start is forwarded. */
  readonly ready: Promise<void>
  stop(): Promise<void>
}

const LOOPBACK = '127.0.0.1'
const RETRY_MS = 5_000

export function startServices(options: ServicesOptions): RunningServices {
  const { api, clock, commands, network, log } = options
  const informerOf = <T extends KubeObject>(apiVersion: string, kind: string): Informer<T> =>
    createInformer<T>(api, { apiVersion, kind }, { clock, onError: error => log(`network: ${error}`) })
  const services = informerOf<Service>('v1', 'Service')
  const slices = informerOf<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice')
  const pods = informerOf<Pod>('v1', 'Pod')
  const nodes = informerOf<Node>('v1', 'Node')
  const events = createEventRecorder({ api, clock, component: 'service-proxy' })
  const informers = [services, slices, pods, nodes]
  let proxy: ServiceProxy | undefined
  let names: NameService | undefined
  let applying: Promise<void> | undefined
  let cancelRetry = (): void => {}
  let activator: Activator | undefined
  let told: ReadonlyMap<string, string> = new Map()
  let isDue = false
  let isStopped = false

  const nodeRanges = (): ReadonlyMap<string, AddressRange> =>
    new Map(
      nodes.list().flatMap(({ metadata, spec }) => {
        const range = parseNetwork(spec?.podCIDR ?? '')
        return range ? [[metadata.name ?? '', range] as const] : []
      }),
    )

  /** Once for each new reason: in the log, and where people look. */
  function tell(refused: readonly Refusal[]): void {
    const before = told
    // A port may become free.
    cancelRetry()
    if (refused.length > 0) cancelRetry = clock.after(RETRY_MS, soon)
    told = new Map(refused.map(({ key, message }) => [key, message]))
    for (const [key, message] of told) {
      if (before.get(key) === message) continue
      log(`Service ${key}: ${message}`)
      const service = services.list().find(each => key.endsWith(`/${serviceKey(each)}`))
      if (service) events.event(service, 'Warning', 'FailedToForward', message)
    }
  }

  /** SOLVENT_OUTSIDE=no: the machine's own settings stay as they are, and pods have no way out. */
  async function openWayOut(): Promise<void> {
    if (process.env.SOLVENT_OUTSIDE === 'no') return
    const problem = await openOutside({ commands, wire: network.wire, range: network.layout.all })
    if (problem !== undefined) log(`pods have no way out: ${problem}`)
  }

  /** Loaded with the first Service that asks for it. */
  async function followScaled(all: readonly Service[]): Promise<void> {
    if (!activator && all.some(({ metadata }) => metadata.annotations?.[SCALE_FROM_ZERO] !== undefined)) {
      const { createActivator } = await import('./activator/activator.ts')
      const address = (network.switchPath() === undefined ? undefined : network.hostAddress) ?? LOOPBACK
      const traffic = async () => (await proxy?.traffic()) ?? new Map<string, number>()
      activator = createActivator({ api, clock, events, address, traffic, log })
    }
    await activator?.follow(all)
  }

  function balance(service: Service): void {
    const status = balancerStatus(service)
    if (!status) return
    const { apiVersion, kind, metadata } = service
    const ref = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name ?? '' }
    api.patch(ref, 'merge', { status }, { subresource: 'status' }).catch(error => {
      if (!isApiError(error, 'NotFound')) log(`Service ${serviceKey(service)}: ${error.message}`)
    })
  }

  /** One write at a time; what changes meanwhile is in the next. */
  async function apply(): Promise<void> {
    while (isDue && !isStopped && proxy) {
      isDue = false
      const now = { services: services.list(), slices: slices.list() }
      await followScaled(now.services)
      activator?.serve(forwardingsOf(now.services, now.slices))
      const hostPorts = network.switchPath() === undefined ? [] : hostPortsOf(pods.list())
      const wanted = forwardingsOf(now.services, now.slices, activator?.activations())
      tell(await proxy.apply([...wanted, ...hostPorts]))
    }
  }

  function soon(): void {
    isDue = true
    if (applying || isStopped || !proxy) return
    // What one event-loop turn brings goes together.
    applying = new Promise(resume => setImmediate(resume))
      .then(apply)
      .catch(error => log(`Services: ${error.message}`))
      .finally(() => {
        applying = undefined
        if (isDue) soon()
      })
  }

  async function start(): Promise<void> {
    for (const informer of informers) informer.start()
    const isOpen = (await network.open()).ok
    names = await createNameService({ ...options, isOpen, services, slices, pods })
    await Promise.all(informers.map(informer => informer.synced))
    if (isStopped) return
    names.begin()
    if (names.address !== undefined && names.port !== undefined) {
      const service = addressAt(network.layout.services, DNS_SERVICE)
      await publishDns(api, { service, address: names.address, port: names.port })
    }
    proxy = await openProxy({ ...options, nodeRanges })
    for (const informer of [services, slices]) {
      informer.on('add', soon)
      informer.on('update', soon)
      informer.on('delete', soon)
    }
    // Which pods are whose node's; what else happens to a node is nobody's news here.
    nodes.on('add', soon)
    nodes.on('delete', soon)
    nodes.on('update', (node, before) => node.spec?.podCIDR !== before.spec?.podCIDR && soon())
    pods.on('add', pod => hasHostPort(pod) && soon())
    pods.on('delete', pod => hasHostPort(pod) && soon())
    pods.on('update', (pod, before) => hasHostPort(pod) && isElsewhere(pod, before) && soon())
    services.on('add', balance)
    services.on('update', balance)
    soon()
    await applying
    if (isOpen) await openWayOut()
  }

  const ready = start()
  ready.catch(error => log(`network: ${error.stack}`))
  return {
    ready,
    async stop() {
      isStopped = true
      cancelRetry()
      for (const informer of informers) informer.stop()
      await ready.catch(() => {})
      await applying
      activator?.close()
      await names?.close()
      await proxy?.close()
    },
  }
}
