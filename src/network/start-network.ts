/**
 * Keeps the names that pods without a DNS server resolve right: watches Services, pods and (for Services without a selector) EndpointSlices, and publishes the
 * entries of each namespace when they changed, once an event-loop turn and without further delay.
 */
import type { Clock } from '../base/clock.ts'
import { createInformer, type Informer } from '../client/informer.ts'
import type { KubeApi } from '../client/kube-api.ts'
import type { EndpointSlice, Pod, Service } from '../kube/core.ts'
import type { KubeObject } from '../kube/object.ts'
import {
  addressedOf,
  type Endpoint,
  endpointsOf,
  hasAddress,
  hostsFor,
  isHeadless,
  type NameEntry,
} from './pod-names.ts'

export interface NetworkOptions {
  readonly api: KubeApi
  readonly clock: Clock
  /** Writes names into sandboxes; node/'s `NameBoard` is one. Equal arrays mean that nothing changed. */
  readonly names: { publish(entriesOf: (namespace: string) => readonly NameEntry[]): void }
  readonly onError?: (error: unknown) => void
}

export interface Network {
  /** The first names are published. */
  readonly ready: Promise<void>
  stop(): Promise<void>
}

export function startNetwork({ api, clock, names, onError }: NetworkOptions): Network {
  const informerOf = <T extends KubeObject>(apiVersion: string, kind: string): Informer<T> =>
    createInformer<T>(api, { apiVersion, kind }, { clock, onError })
  const services = informerOf<Service>('v1', 'Service')
  const pods = informerOf<Pod>('v1', 'Pod')
  const slices = informerOf<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice')
  const informers = [services, pods, slices]
  const podsWithAddress = pods.index(pod => (hasAddress(pod) ? [pod.metadata.namespace ?? ''] : []))
  let published = '[]'
  let isDue = false
  let isSynced = false
  let isStopped = false

  function publish(): void {
    isDue = false
    if (isStopped) return
    const all = services.list()
    const headless = all.filter(isHeadless)
    const namespaces = new Set(headless.map(service => service.metadata.namespace ?? ''))
    const members = endpointsOf({
      services: headless,
      pods: [...namespaces].flatMap(podsWithAddress),
      slices: headless.length > 0 ? slices.list() : [],
    })
    const endpoints = [...addressedOf(all), ...members]
    const text = JSON.stringify(endpoints)
    if (text === published) return
    published = text
    names.publish(rememberingEach(endpoints))
  }

  function soon(): void {
    if (isDue || !isSynced) return
    isDue = true
    setImmediate(publish)
  }

  services.on('add', soon)
  services.on('update', soon)
  services.on('delete', soon)
  slices.on('add', soon)
  slices.on('update', soon)
  slices.on('delete', soon)
  pods.on('add', pod => void (pod.status?.podIP && soon()))
  pods.on('delete', pod => void (pod.status?.podIP && soon()))
  // Most of what happens to a pod does not touch its names.
  pods.on('update', (pod, before) => void (bearing(pod) !== bearing(before) && soon()))

  const ready = Promise.all(informers.map(informer => informer.synced)).then(() => {
    isSynced = true
    publish()
  })
  for (const informer of informers) informer.start()

  return {
    ready,
    async stop() {
      isStopped = true
      for (const informer of informers) informer.stop()
    },
  }
}

/** Each namespace is worked out once, when a sandbox in it first asks. */
function rememberingEach(endpoints: readonly Endpoint[]): (namespace: string) => readonly NameEntry[] {
  const known = new Map<string, readonly NameEntry[]>()
  return namespace => {
    const entries = known.get(namespace) ?? hostsFor(namespace, endpoints)
    known.set(namespace, entries)
    return entries
  }
}

/** What of a pod bears on names. */
const bearing = ({ metadata, spec, status }: Pod): string =>
  JSON.stringify([
    status?.podIP,
    status?.phase,
    status?.conditions?.find(condition => condition.type === 'Ready')?.status,
    metadata.labels,
    metadata.deletionTimestamp !== undefined,
    spec.hostname,
    spec.subdomain,
  ])
