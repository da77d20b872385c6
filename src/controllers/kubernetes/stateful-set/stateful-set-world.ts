/** For tests: a StatefulSet, its pods, revisions and claims; what the controller decides is carried out, and pods do as they are told. */
import { formatTime } from '../../../base/clock.ts'
import type { ControllerRevision, StatefulSet } from '../../../kube/apps.ts'
import { contentHash8 } from '../../../kube/content-name.ts'
import type { Pod } from '../../../kube/core.ts'
import type { KubeObject, UnknownObject } from '../../../kube/object.ts'
import type { Action } from '../../runtime/action.ts'
import { reconcileStatefulSet } from './reconcile-stateful-set.ts'
import { ordinalOf } from './stateful-pod.ts'

export class StatefulSetWorld {
  set: StatefulSet
  readonly pods = new Map<string, Pod>()
  readonly revisions = new Map<string, ControllerRevision>()
  readonly claims = new Map<string, UnknownObject>()
  readonly events: string[] = []
  /** What was done in the last step. */
  calls: string[] = []
  now = Date.parse('2026-01-01T00:00:00Z')
  private serial = 0

  constructor(spec: Partial<StatefulSet['spec']> = {}) {
    this.set = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'foo', namespace: 'n', uid: 'set-uid', generation: 1 },
      spec: {
        replicas: 3,
        serviceName: 'governing',
        selector: { matchLabels: { foo: 'bar' } },
        template: { metadata: { labels: { foo: 'bar' } }, spec: { containers: [{ name: 'nginx', image: 'v1' }] } },
        updateStrategy: { type: 'RollingUpdate' },
        ...spec,
      },
    }
  }

  change(spec: Partial<StatefulSet['spec']>): void {
    const metadata = { ...this.set.metadata, generation: (this.set.metadata.generation ?? 0) + 1 }
    this.set = { ...this.set, metadata, spec: { ...this.set.spec, ...spec } }
  }
  setImage(image: string): void {
    const { template } = this.set.spec
    this.change({ template: { ...template, spec: { containers: [{ name: 'nginx', image }] } } })
  }

  decide(): readonly Action[] {
    return reconcileStatefulSet(
      {
        set: this.set,
        pods: [...this.pods.values()],
        revisions: [...this.revisions.values()],
        claim: name => this.claims.get(name),
      },
      contentHash8,
      this.now,
    )
  }
  step(): void {
    this.calls = []
    for (const action of this.decide()) this.carryOut(action)
  }
  /** Until nothing more is decided; every new pod becomes ready, and those that are ended are gone at once. */
  settle(): void {
    for (let i = 0; i < 500; i++) {
      this.step()
      const isQuiet = this.calls.length === 0
      const waiting = [...this.pods.values()].find(pod => !this.isReady(ordinalOf(pod)))
      if (waiting) this.ready(ordinalOf(waiting))
      else if (isQuiet) return
    }
    throw new Error('never settles')
  }

  get ordinals(): number[] {
    return [...this.pods.values()].map(ordinalOf).sort((a, b) => a - b)
  }
  images(): string {
    const all = [...this.pods.values()].sort((a, b) => ordinalOf(a) - ordinalOf(b))
    return all.map(({ spec }) => spec.containers[0]?.image).join(' ')
  }
  pod(ordinal: number): Pod {
    const pod = this.pods.get(`foo-${ordinal}`)
    if (!pod) throw new Error(`no pod foo-${ordinal}`)
    return pod
  }
  isReady(ordinal: number): boolean {
    return (
      this.pod(ordinal).status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
    )
  }
  ready(ordinal: number, status: 'True' | 'False' = 'True'): void {
    const lastTransitionTime = formatTime(this.now)
    this.put({
      ...this.pod(ordinal),
      status: { phase: 'Running', conditions: [{ type: 'Ready', status, lastTransitionTime }] },
    })
  }
  phase(ordinal: number, phase: NonNullable<Pod['status']>['phase']): void {
    this.put({ ...this.pod(ordinal), status: { phase } })
  }
  terminate(ordinal: number): void {
    const pod = this.pod(ordinal)
    this.put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: formatTime(this.now) } })
  }
  gone(ordinal: number): void {
    this.pods.delete(`foo-${ordinal}`)
  }
  put(pod: Pod): void {
    this.pods.set(pod.metadata.name ?? '', pod)
  }

  private carryOut(action: Action): void {
    switch (action.kind) {
      case 'create':
        this.calls.push(`create ${action.object.metadata.name}`)
        this.make(action.object)
        return
      case 'update':
        this.calls.push(`update ${action.object.metadata.name}`)
        this.keep(action.object)
        return
      case 'update-status':
        this.calls.push('status')
        this.set = action.object as StatefulSet
        return
      case 'patch': {
        this.calls.push(`patch ${action.ref.name}`)
        const revision = this.revisions.get(action.ref.name)
        if (revision)
          this.revisions.set(action.ref.name, {
            ...revision,
            ...(action.patch as { revision: number }),
            metadata: revision.metadata,
          })
        return
      }
      case 'delete':
        this.calls.push(`delete ${action.ref.name}`)
        this.pods.delete(action.ref.name)
        this.revisions.delete(action.ref.name)
        return
      case 'event':
        this.events.push(`${action.reason}: ${action.message}`)
        return
      case 'wake':
        return
      default:
        throw new Error(`unexpected ${action.kind}`)
    }
  }
  private make(object: KubeObject): void {
    const made = { ...object, metadata: { ...object.metadata, uid: `uid-${this.serial++}` } }
    this.keep(made.kind === 'Pod' ? ({ ...made, status: { phase: 'Pending' } } as KubeObject) : made)
  }
  private keep(object: KubeObject): void {
    const { name = '' } = object.metadata
    if (object.kind === 'Pod') this.pods.set(name, object as Pod)
    else if (object.kind === 'ControllerRevision') this.revisions.set(name, object as ControllerRevision)
    else this.claims.set(name, object as UnknownObject)
  }
}
