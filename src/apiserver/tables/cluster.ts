/** Columns of everything that is neither a workload nor a network: nodes, namespaces, configuration, events, access rules. */
import type { ConfigMap, Event, Namespace, Node, Secret } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { Lease, RoleBinding } from '../../kube/workloads.ts'
import { AGE, type Column, integer, NAME, NONE, text, wide } from './column.ts'
import { since } from './duration.ts'

const sizeOf = (map: object | undefined): number => Object.keys(map ?? {}).length

export const NAMESPACE_COLUMNS: readonly Column<Namespace>[] = [NAME, text('Status', n => n.status?.phase ?? ''), AGE]

const ROLE_LABEL = 'node-role.kubernetes.io/'

function nodeStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.find(c => c.type === 'Ready')
  const state = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'
  return spec?.unschedulable ? `${state},SchedulingDisabled` : state
}

const nodeRoles = ({ metadata: { labels = {} } }: Node): string =>
  Object.entries(labels)
    .flatMap(([key, value]) =>
      key.startsWith(ROLE_LABEL) ? [key.slice(ROLE_LABEL.length)] : key === 'kubernetes.io/role' ? [value] : [],
    )
    .filter(Boolean)
    .sort()
    .join(',') || NONE

const address =
  (type: string) =>
  ({ status }: Node): string =>
    status?.addresses?.find(a => a.type === type)?.address ?? NONE

const info =
  (key: string) =>
  ({ status }: Node): string =>
    status?.nodeInfo?.[key] || '<unknown>'

const kernel = (node: Node): string => {
  const architecture = node.status?.nodeInfo?.architecture
  return architecture ? `${info('kernelVersion')(node)} (${architecture})` : info('kernelVersion')(node)
}

export const NODE_COLUMNS: readonly Column<Node>[] = [
  NAME,
  text('Status', nodeStatus),
  text('Roles', nodeRoles),
  AGE,
  text('Version', ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
  wide(text('Internal-IP', address('InternalIP'))),
  wide(text('External-IP', address('ExternalIP'))),
  wide(text('OS-Image', info('osImage'))),
  wide(text('Kernel-Version', kernel)),
  wide(text('Container-Runtime', info('containerRuntimeVersion'))),
]

type SeriesEvent = Event & { readonly series?: { readonly count?: number; readonly lastObservedTime?: string } }

const firstSeen = (event: SeriesEvent, now: number): string => since(event.firstTimestamp ?? event.eventTime, now)
const lastSeen = (event: SeriesEvent, now: number): string => {
  const last = event.series?.lastObservedTime ?? event.lastTimestamp
  return last ? since(last, now) : firstSeen(event, now)
}

const involved = ({ involvedObject: { kind = '', name = '' } }: Event): string =>
  name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase()

const eventSource = ({ source, reportingComponent, reportingInstance }: Event): string =>
  [source?.component || reportingComponent, source?.host || reportingInstance].filter(Boolean).join(', ')

export const EVENT_COLUMNS: readonly Column<SeriesEvent>[] = [
  text('Last Seen', lastSeen),
  text('Type', event => event.type ?? ''),
  text('Reason', event => event.reason ?? ''),
  text('Object', involved),
  wide(text('Subobject', event => event.involvedObject.fieldPath ?? '')),
  wide(text('Source', eventSource)),
  text('Message', event => (event.message ?? '').trim()),
  wide(text('First Seen', firstSeen)),
  wide(text('Count', event => event.series?.count ?? event.count ?? 1)),
  wide(NAME),
]

export const CONFIG_MAP_COLUMNS: readonly Column<ConfigMap>[] = [
  NAME,
  text('Data', ({ data, binaryData }) => sizeOf(data) + sizeOf(binaryData)),
  AGE,
]

export const SECRET_COLUMNS: readonly Column<Secret>[] = [
  NAME,
  text('Type', ({ type }) => type ?? ''),
  text('Data', ({ data }) => sizeOf(data)),
  AGE,
]

export const LEASE_COLUMNS: readonly Column<Lease>[] = [NAME, text('Holder', l => l.spec?.holderIdentity ?? ''), AGE]

const subjects = (kind: string) => (binding: RoleBinding) =>
  (binding.subjects ?? [])
    .filter(subject => subject.kind === kind)
    .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
    .join(', ')

export const ROLE_BINDING_COLUMNS: readonly Column<RoleBinding>[] = [
  NAME,
  text('Role', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  AGE,
  wide(text('Users', subjects('User'))),
  wide(text('Groups', subjects('Group'))),
  wide(text('ServiceAccounts', subjects('ServiceAccount'))),
]

type PriorityClass = KubeObject & {
  readonly value?: number
  readonly globalDefault?: boolean
  readonly preemptionPolicy?: string
}

export const PRIORITY_CLASS_COLUMNS: readonly Column<PriorityClass>[] = [
  NAME,
  integer('Value', ({ value }) => value ?? 0),
  { name: 'Global-Default', type: 'boolean', cell: ({ globalDefault }) => globalDefault ?? false },
  AGE,
  text('PreemptionPolicy', ({ preemptionPolicy }) => preemptionPolicy ?? ''),
]
