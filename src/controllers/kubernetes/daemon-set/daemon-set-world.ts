/** For tests: a DaemonSet, nodes and pods; what the controller decides is carried out, pods are where they were made for. */
import { formatTime } from '../../../base/clock.ts'
import type { ControllerRevision, DaemonSet } from '../../../kube/apps.ts'
import { contentHash8 } from '../../../kube/content-name.ts'
import type { Node, Pod, Taint } from '../../../kube/core.ts'
import type { Action } from '../../runtime/action.ts'
import { targetNode } from './daemon-pod.ts'
import { type DaemonSetDecision, reconcileDaemonSet } from './reconcile-daemon-set.ts'

export class DaemonSetWorld {
  set: DaemonSet
  readonly nodes = new Map<string, Node>()
  readonly pods = new Map<string, Pod>()
  readonly revisions = new Map<string, ControllerRevision>()
  readonly events: string[] = []
  calls: string[] = []
  now = Date.parse('2026-01-01T00:00:00Z')
  backOffMs = (_node: string): number => 0
  private serial = 0

  constructor(numNodes: number, spec: Partial<DaemonSet['spec']> = {}) {
    this.set = {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'foo', namespace: 'n', uid: 'set-uid', generation: 1 },
      spec: {
        selector: { matchLabels: { name: 'simple' } },
        template: { metadata: { labels: { name: 'simple' } }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
        ...spec,
      },
    }
    for (let i = 0; i < numNodes; i++) this.addNode(`node-${i}`)
  }

  addNode(name: string, labels: Record<string, string> = {}, taints: readonly Taint[] = []): void {
    this.nodes.set(name, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: { taints } })
  }
  taint(name: string, ...taints: Taint[]): void {
    const node = this.nodes.get(name)
    if (node) this.nodes.set(name, { ...node, spec: { taints } })
  }
  addPod(
    node: string,
    more: { phase?: string; hash?: string; ready?: boolean; age?: number; leaving?: boolean } = {},
  ): string {
    const name = `old-${this.serial++}`
    const time = formatTime(this.now - (more.age ?? 0) * 1000)
    const ready = { type: 'Ready', status: more.ready === false ? 'False' : 'True', lastTransitionTime: time } as const
    this.pods.set(name, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace: 'n',
        uid: name,
        creationTimestamp: time,
        labels: { name: 'simple', 'controller-revision-hash': more.hash ?? this.hash },
        ...(more.leaving ? { deletionTimestamp: time } : {}),
      },
      spec: { containers: [], nodeName: node },
      status: { phase: (more.phase ?? 'Running') as 'Running', conditions: [ready] },
    })
    return name
  }
  get hash(): string {
    const update = [...this.revisions.values()].sort((a, b) => b.revision - a.revision)[0]
    return (
      update?.metadata.labels?.['controller-revision-hash'] ??
      contentHash8({ spec: { template: { ...this.set.spec.template, $patch: 'replace' } } })
    )
  }
  setImage(image: string): void {
    const { spec, metadata } = this.set
    const template = { ...spec.template, spec: { ...spec.template.spec, containers: [{ name: 'c', image }] } }
    this.set = {
      ...this.set,
      metadata: { ...metadata, generation: (metadata.generation ?? 0) + 1 },
      spec: { ...spec, template },
    }
  }

  decide(): DaemonSetDecision {
    return reconcileDaemonSet(
      {
        set: this.set,
        pods: [...this.pods.values()],
        nodes: [...this.nodes.values()],
        revisions: [...this.revisions.values()],
        backOffMs: node => this.backOffMs(node),
      },
      contentHash8,
      this.now,
    )
  }
  step(): void {
    this.calls = []
    for (const action of this.decide().actions) this.carryOut(action)
  }
  settle(makesReady = true): void {
    for (let i = 0; i < 200; i++) {
      this.step()
      const waiting = [...this.pods.values()].find(pod => pod.status?.phase === 'Pending')
      if (waiting && makesReady) this.ready(waiting.metadata.name ?? '')
      else if (this.calls.length === 0) return
    }
    throw new Error('never settles')
  }
  ready(name: string, status: 'True' | 'False' = 'True'): void {
    const pod = this.pods.get(name)
    if (!pod) throw new Error(`no pod ${name}`)
    const conditions = [{ type: 'Ready', status, lastTransitionTime: formatTime(this.now) }]
    this.pods.set(name, { ...pod, status: { phase: 'Running', conditions } })
  }
  /** Images by node, sorted. */
  on(): string[] {
    return [...this.pods.values()].map(pod => targetNode(pod) ?? '').sort()
  }
  images(): string {
    return [...this.pods.values()]
      .map(({ spec }) => spec.containers[0]?.image)
      .sort()
      .join(' ')
  }

  private carryOut(action: Action): void {
    switch (action.kind) {
      case 'create': {
        if (action.object.kind === 'ControllerRevision') {
          this.calls.push('revision')
          this.revisions.set(action.object.metadata.name ?? '', action.object as ControllerRevision)
          return
        }
        const name = `pod-${this.serial++}`
        this.calls.push(`create ${targetNode(action.object as Pod)}`)
        const metadata = { ...action.object.metadata, name, uid: name, creationTimestamp: formatTime(this.now) }
        this.pods.set(name, { ...(action.object as Pod), metadata, status: { phase: 'Pending' } })
        return
      }
      case 'delete':
        this.calls.push(`delete ${action.ref.name}`)
        this.pods.delete(action.ref.name)
        this.revisions.delete(action.ref.name)
        return
      case 'update-status':
        this.calls.push('status')
        this.set = action.object as DaemonSet
        return
      case 'patch': {
        this.calls.push('patch')
        const revision = this.revisions.get(action.ref.name)
        const { revision: number } = action.patch as { revision: number }
        if (revision) this.revisions.set(action.ref.name, { ...revision, revision: number })
        return
      }
      case 'event':
        this.events.push(`${action.reason}: ${action.message}`)
        return
      case 'wake':
        return
      default:
        throw new Error(`unexpected ${action.kind}`)
    }
  }
}
