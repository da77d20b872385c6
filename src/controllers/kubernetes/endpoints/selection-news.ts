/**
 * What is said of a Service whose selector finds no pod, or whose named port none of its pods has: Kubernetes says nothing there, and one
 * looks for the fault in the network. Said as Events of the Service, with what would mend it.
 */
import type { Pod, Service } from '../../../kube/core.ts'
import { matchesLabels, requirementsOfMap } from '../../../kube/selector.ts'
import type { ReplicaSet } from '../../../kube/workloads.ts'
import { type Action, warning } from '../../runtime/action.ts'
import { findPort } from './backend.ts'

/** Pods often come a moment after their Service. */
export const LOOK_AFTER_MS = 5_000
/** A Service that scales from zero has no pods by intention. */
const FROM_ZERO = 'solvent.dev/scale-from-zero'

type Labels = Readonly<Record<string, string>> | undefined

const picks = ({ spec }: Service, labels: Labels): boolean => {
  const requirements = requirementsOfMap(spec.selector)
  return requirements !== undefined && matchesLabels(requirements, labels)
}

const isAsking = ({ spec, metadata }: Service): boolean =>
  Object.keys(spec.selector ?? {}).length > 0 &&
  spec.type !== 'ExternalName' &&
  metadata.deletionTimestamp === undefined &&
  !(FROM_ZERO in (metadata.annotations ?? {}))

const missingPorts = ({ spec }: Service, pods: readonly Pod[]) =>
  (spec.ports ?? []).filter(port => typeof port.targetPort === 'string' && pods.every(pod => !findPort(port, pod)))

/** `pods`: all of the namespace. */
export function isUnanswered(service: Service, pods: readonly Pod[]): boolean {
  if (!isAsking(service)) return false
  const picked = pods.filter(pod => picks(service, pod.metadata.labels))
  return picked.length === 0 || missingPorts(service, picked).length > 0
}

export function aboutSelection(service: Service, pods: readonly Pod[], sets: readonly ReplicaSet[]): readonly Action[] {
  const picked = pods.filter(pod => picks(service, pod.metadata.labels))
  if (picked.length === 0) {
    // Scaled to zero is not a mistake.
    const isExpected = sets.some(({ spec }) => picks(service, spec.template.metadata?.labels))
    return isExpected ? [] : [warning(service, 'NoPodsSelected', noPods(service, pods))]
  }
  return missingPorts(service, picked).map(({ targetPort, port }) => {
    const names = [...new Set(picked.flatMap(portNamesOf))].sort()
    const has = names.length === 0 ? 'their containers name no ports' : `they have ${names.map(quote).join(', ')}`
    const what = `targetPort "${targetPort}" of port ${port} is no port name of the selected pods (${has})`
    return warning(service, 'NoSuchPort', `${what}; name it in containers[].ports or use its number`)
  })
}

const quote = (text: string): string => `"${text}"`
const portNamesOf = ({ spec }: Pod): readonly string[] =>
  spec.containers.flatMap(({ ports = [] }) => ports.flatMap(({ name }) => name ?? []))

function noPods({ spec, metadata }: Service, pods: readonly Pod[]): string {
  const wanted = Object.entries(spec.selector ?? {})
  const text = wanted.map(([key, value]) => `${key}=${value}`).join(',')
  const said = `the selector ${text} picks no pod of namespace ${metadata.namespace}`
  const overlap = ({ metadata: { labels = {} } }: Pod): number =>
    wanted.reduce((sum, [key, value]) => sum + (labels[key] === value ? 2 : key in labels ? 1 : 0), 0)
  const nearest = [...pods].sort((a, b) => overlap(b) - overlap(a))[0]
  if (!nearest || overlap(nearest) === 0) return `${said}; no pod there has a label of that name`
  const differing = wanted.filter(([key, value]) => nearest.metadata.labels?.[key] !== value)
  const has = differing.map(([key]) => `${key}=${nearest.metadata.labels?.[key] ?? '(none)'}`).join(',')
  return `${said}; the nearest is pod ${nearest.metadata.name} with ${has}: change the selector or the labels of its template`
}
