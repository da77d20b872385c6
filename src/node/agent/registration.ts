/** Makes this machine known as a Node and keeps saying that it lives: by a Lease, as the kubelet does. */
import { type Clock, formatMicroTime } from '../../base/clock.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import type { Node } from '../../kube/core.ts'
import { isApiError } from '../../kube/status.ts'
import type { Lease } from '../../kube/workloads.ts'
import { type NodeDescription, nodeObject, nodeStatus } from './node-object.ts'

export interface Registration {
  /** The Node is there and Ready. */
  readonly done: Promise<void>
  stop(): void
}

export interface RegistrationOptions {
  readonly api: KubeApi
  readonly clock: Clock
  readonly node: NodeDescription
  /** Every 10 s for 40 s, as upstream, unless given. */
  readonly lease?: LeaseTimes
  /** Which addresses its pods have, where it has others beside it. */
  readonly podCIDR?: string
  readonly log: (message: string) => void
}

export interface LeaseTimes {
  readonly renewMs: number
  readonly durationSeconds: number
}

const NAMESPACE = 'kube-node-lease'
const UPSTREAM: LeaseTimes = { renewMs: 10_000, durationSeconds: 40 }
const FIRST_RETRY_MS = 50
const MAX_RETRY_MS = 5_000

export function registerNode(options: RegistrationOptions): Registration {
  const { api, clock, node, log, lease: times = UPSTREAM, podCIDR } = options
  let stopped = false
  let cancel = (): void => {}
  const ref = { apiVersion: 'v1', kind: 'Node', name: node.name }

  /** In one write where the server takes a status on creation, as kube-apiserver does. */
  async function register(): Promise<void> {
    const described = nodeObject(node, clock.now())
    const addresses = podCIDR ? { podCIDR, podCIDRs: [podCIDR] } : undefined
    const wanted: Node = { ...described, spec: { ...described.spec, ...addresses } }
    const existing = await api.create<Node>(wanted).catch(async error => {
      if (!isApiError(error, 'AlreadyExists')) throw error
      const { labels, annotations } = wanted.metadata
      return api.patch<Node>(ref, 'merge', { metadata: { labels, annotations }, spec: addresses })
    })
    if (!isReady(existing)) await setStatus()
  }

  const setStatus = (): Promise<unknown> =>
    api.patch(ref, 'merge', { status: nodeStatus(node, clock.now()) }, { subresource: 'status' })

  const message = readyMessage(nodeObject(node, clock.now()))
  const isReady = ({ status }: Node): boolean =>
    status?.conditions?.some(each => each.type === 'Ready' && each.status === 'True' && each.message === message) ??
    false

  /** A Node that was deleted comes back by itself, and one that was taken for dead says that it is not. */
  async function look(): Promise<void> {
    try {
      if (!isReady(await api.get<Node>(ref))) await setStatus()
    } catch (error) {
      if (isApiError(error, 'NotFound')) await register()
    }
  }

  async function renew(): Promise<void> {
    const spec = {
      holderIdentity: node.name,
      leaseDurationSeconds: times.durationSeconds,
      renewTime: formatMicroTime(clock.now()),
    }
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: node.name, namespace: NAMESPACE },
      spec,
    }
    const leaseRef = { apiVersion: lease.apiVersion, kind: lease.kind, namespace: NAMESPACE, name: node.name }
    await api.patch(leaseRef, 'merge', { spec }).catch(async error => {
      if (!isApiError(error, 'NotFound')) throw error
      await api.create(lease)
    })
  }

  async function untilDone(work: () => Promise<void>): Promise<void> {
    for (let failures = 0; !stopped; failures++) {
      try {
        return await work()
      } catch (error) {
        if (failures === 5) log(`the Node cannot be registered: ${(error as Error).message}`)
        await new Promise<void>(resolve => clock.after(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures), resolve))
      }
    }
  }

  function renewLater(): void {
    if (stopped) return
    cancel = clock.after(times.renewMs, () => void Promise.allSettled([renew(), look()]).then(renewLater))
  }

  const done = untilDone(register)
  void done
    .then(renew)
    .catch(() => {})
    .then(renewLater)
  return {
    done,
    stop() {
      stopped = true
      cancel()
    },
  }
}

const readyMessage = (node: Node): string | undefined =>
  node.status?.conditions?.find(each => each.type === 'Ready')?.message
