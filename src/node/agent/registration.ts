/** Makes this machine known as a Node and keeps saying that it lives: a Lease every 10 s, as the kubelet does. */
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
  readonly log: (message: string) => void
}

const NAMESPACE = 'kube-node-lease'
const LEASE_SECONDS = 40
const RENEW_MS = 10_000
const FIRST_RETRY_MS = 50
const MAX_RETRY_MS = 5_000

export function registerNode({ api, clock, node, log }: RegistrationOptions): Registration {
  let stopped = false
  let cancel = (): void => {}
  const ref = { apiVersion: 'v1', kind: 'Node', name: node.name }

  /** In one write where the server takes a status on creation, as kube-apiserver does. */
  async function register(): Promise<void> {
    const wanted = nodeObject(node, clock.now())
    const existing = await api.create<Node>(wanted).catch(async error => {
      if (!isApiError(error, 'AlreadyExists')) throw error
      return api.patch<Node>(ref, 'merge', { metadata: { labels: wanted.metadata.labels } })
    })
    const isReady = existing.status?.conditions?.some(
      each => each.type === 'Ready' && each.message === readyMessage(wanted),
    )
    if (!isReady) await api.patch(ref, 'merge', { status: nodeStatus(node, clock.now()) }, { subresource: 'status' })
  }

  async function renew(): Promise<void> {
    const spec = {
      holderIdentity: node.name,
      leaseDurationSeconds: LEASE_SECONDS,
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
    cancel = clock.after(RENEW_MS, () => {
      // A Node that was deleted comes back by itself, as with the kubelet.
      const both = api.get(ref).catch(error => (isApiError(error, 'NotFound') ? register() : undefined))
      void Promise.allSettled([renew(), both]).then(renewLater)
    })
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
