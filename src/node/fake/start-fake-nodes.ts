/**
 * Keeps simulated nodes Ready and their pods as `decide-fake-pod.ts` says. Nodes say that they live by a Lease that is meant to hold for ten
 * minutes, so that a thousand of them cost three writes a second.
 */
import { type Clock, formatMicroTime, systemClock } from '../../base/clock.ts'
import { createInformer } from '../../client/informer.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import { createWorkQueue } from '../../client/work-queue.ts'
import type { Node, Pod, ResourceList } from '../../kube/core.ts'
import { keyOf } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import type { Lease } from '../../kube/workloads.ts'
import { decideFakePod } from './decide-fake-pod.ts'
import { fakeNode, isFakeNode, readyStatus } from './fake-node.ts'

export interface FakeNodesOptions {
  readonly api: KubeApi
  readonly clock?: Clock
  /** Nodes to create: `fake-0`, `fake-1`, …; those that are there already stay. */
  readonly count?: number
  /** What each of them has, where it differs from 32 CPUs, 256 GiB and 110 pods. */
  readonly capacity?: ResourceList
  readonly log?: (line: string) => void
}

export interface FakeNodes {
  /** All nodes that were asked for are there and Ready. */
  readonly ready: Promise<void>
  /** Resolves when the writes in hand are done. The nodes stay, and fall silent. */
  stop(): Promise<void>
}

const LEASE_SECONDS = 600
const RENEW_MS = 300_000
/** Writes at a time: in process each takes its turn anyway, over HTTP more would only wait. */
const WRITERS = 16

export function startFakeNodes(options: FakeNodesOptions): FakeNodes {
  const { api, clock = systemClock, count = 0, capacity = {}, log = () => {} } = options
  const onError = (error: unknown): void => log(`fake nodes: ${(error as Error).message}`)
  const nodes = createInformer<Node>(api, { apiVersion: 'v1', kind: 'Node' }, { clock, onError })
  const pods = createInformer<Pod>(api, { apiVersion: 'v1', kind: 'Pod' }, { clock, onError })
  const queue = createWorkQueue({ clock })
  const podsOn = pods.index(({ spec }) => (spec.nodeName ? [spec.nodeName] : []))
  let addresses = 0
  let isWorking = false

  const onNode = (node: Node): void => {
    if (isFakeNode(node) && readyStatus(node, 0)) queue.add(`node/${node.metadata.name}`)
  }
  const onPod = (pod: Pod): void => {
    addresses = Math.max(addresses, addressNumber(pod.status?.podIP))
    if (pod.spec.nodeName) queue.add(`pod/${keyOf(pod)}`)
  }
  for (const event of ['add', 'update'] as const) {
    nodes.on(event, onNode)
    pods.on(event, onPod)
  }
  nodes.on('add', node => {
    if (!isFakeNode(node)) return
    queue.add(`lease/${node.metadata.name}`)
    for (const pod of podsOn(node.metadata.name ?? '')) onPod(pod)
  })

  async function work(key: string): Promise<void> {
    const [what, namespace = '', name = ''] = key.split('/')
    if (what === 'pod') return workOnPod(key, namespace, name)
    const node = nodes.get(undefined, namespace)
    if (!node) return
    if (what === 'node') return makeReady(node)
    await renewLease(namespace)
    queue.addAfter(key, RENEW_MS)
  }

  async function makeReady(node: Node): Promise<void> {
    const status = readyStatus(node, clock.now())
    if (!status) return
    const ref = { apiVersion: 'v1', kind: 'Node', name: node.metadata.name ?? '' }
    nodes.assume(await api.patch<Node>(ref, 'strategic', { status }, { subresource: 'status' }))
  }

  async function renewLease(name: string): Promise<void> {
    const ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-node-lease', name }
    const { apiVersion, kind, namespace } = ref
    const renewTime = formatMicroTime(clock.now())
    const spec: Lease['spec'] = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime }
    const lease: Lease = { apiVersion, kind, metadata: { name, namespace }, spec }
    await api.patch(ref, 'merge', { spec }).catch(async error => {
      if (!isApiError(error, 'NotFound')) throw error
      await api.create(lease)
    })
  }

  async function workOnPod(key: string, namespace: string, name: string): Promise<void> {
    const pod = pods.get(namespace, name)
    const node = nodes.get(undefined, pod?.spec.nodeName ?? '')
    if (!pod || !node || !isFakeNode(node)) return
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace, name }
    const step = decideFakePod(pod, clock.now(), nextAddress)
    if (step.kind === 'wait') queue.addAfter(key, step.untilMs - clock.now())
    if (step.kind === 'remove')
      await api.delete(ref, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
    if (step.kind === 'status') {
      const patch = { metadata: { uid: pod.metadata.uid }, status: step.status }
      pods.assume(await api.patch<Pod>(ref, 'strategic', patch, { subresource: 'status' }))
      queue.add(key)
    }
  }

  function nextAddress(): string {
    addresses = (addresses % 0x1fffe) + 1
    return `198.${18 + (addresses >> 16)}.${(addresses >> 8) & 255}.${addresses & 255}`
  }

  async function worker(): Promise<void> {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      try {
        await work(key)
        queue.forget(key)
      } catch (error) {
        if (!isApiError(error, 'NotFound', 'Conflict')) {
          onError(error)
          queue.addRateLimited(key)
        }
      } finally {
        queue.done(key)
      }
    }
  }

  for (const informer of [nodes, pods]) informer.start()
  const workers = Promise.all([nodes.synced, pods.synced]).then(async () => {
    isWorking = true
    await Promise.all(Array.from({ length: WRITERS }, worker))
  })
  return {
    ready: create(),
    async stop() {
      for (const informer of [nodes, pods]) informer.stop()
      queue.stop()
      if (isWorking) await workers
    },
  }

  async function create(): Promise<void> {
    for (let i = 0; i < count; i++) {
      const node = fakeNode(`fake-${i}`, capacity)
      const made = await api.create<Node>(node).catch(error => {
        if (isApiError(error, 'AlreadyExists')) return undefined
        throw error
      })
      if (made) await makeReady(made)
    }
  }
}

/** Addresses are of the range for benchmarks (RFC 2544), which leads nowhere: 198.18.0.0/15. */
function addressNumber(text: string | undefined): number {
  const [a, b = 0, c = 0, d = 0] = (text ?? '').split('.').map(Number)
  return a === 198 && (b === 18 || b === 19) ? ((b - 18) << 16) | (c << 8) | d : 0
}
