/**
 * Services whose pods come with the first connection and go when nobody talks (what Knative's activator and KEDA's HTTP add-on do), pure: which
 * they are, and who has been silent for long enough.
 */
import type { Service } from '../../kube/core.ts'
import { SCALE_FROM_ZERO, SCALE_TO_ZERO_AFTER } from '../../kube/names.ts'
import { forwardingKey, hasServiceAddress } from '../services/forwarding.ts'

export interface ScaledService {
  readonly service: Service
  readonly target: { readonly kind: string; readonly namespace: string; readonly name: string }
  /** Of its TCP ports. */
  readonly keys: readonly string[]
  readonly idleMs?: number
}

export interface Misunderstood {
  readonly service: Service
  readonly message: string
}

const KINDS = ['Deployment', 'ReplicaSet', 'StatefulSet']

export function scaledServices(services: readonly Service[]): {
  readonly scaled: readonly ScaledService[]
  readonly misunderstood: readonly Misunderstood[]
} {
  const scaled: ScaledService[] = []
  const misunderstood: Misunderstood[] = []
  for (const service of services) {
    const { annotations = {}, namespace = '' } = service.metadata
    const text = annotations[SCALE_FROM_ZERO]
    if (text === undefined || !hasServiceAddress(service)) continue
    const [kind = '', name = '', ...rest] = text.split('/')
    const seconds = annotations[SCALE_TO_ZERO_AFTER]
    if (!KINDS.includes(kind) || name === '' || rest.length > 0) {
      misunderstood.push({
        service,
        message: `${SCALE_FROM_ZERO}: ${text} must be KIND/NAME with one of ${KINDS.join(', ')}`,
      })
    } else if (seconds !== undefined && !(Number(seconds) > 0)) {
      misunderstood.push({ service, message: `${SCALE_TO_ZERO_AFTER}: ${seconds} must be a number of seconds above 0` })
    } else {
      const ports = (service.spec.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP')
      scaled.push({
        service,
        target: { kind, namespace, name },
        keys: ports.map(port => forwardingKey(service, port)),
        ...(seconds === undefined ? {} : { idleMs: Number(seconds) * 1000 }),
      })
    }
  }
  return { scaled, misunderstood }
}

/** What was counted for a target when, and since when that has not changed. */
export interface Activity {
  readonly count: number
  readonly sinceMs: number
}

/** `counts`: traffic of each target so far; `busy`: those with connections that wait. A target that is new begins its silence now. */
export function activityAfter(
  before: ReadonlyMap<string, Activity>,
  counts: ReadonlyMap<string, number>,
  busy: ReadonlySet<string>,
  nowMs: number,
): ReadonlyMap<string, Activity> {
  return new Map(
    [...counts].map(([target, count]) => {
      const last = before.get(target)
      const isSilent = last !== undefined && last.count === count && !busy.has(target)
      return [target, isSilent ? last : { count, sinceMs: nowMs }] as const
    }),
  )
}

export const isIdle = (activity: Activity | undefined, idleMs: number, nowMs: number): boolean =>
  activity !== undefined && nowMs - activity.sinceMs >= idleMs
