/** Which fields a field selector may name, kind by kind (each type's ToSelectableFields and field label conversion upstream). */
import type { UnknownObject } from '../../kube/object.ts'

type Getter = (object: UnknownObject) => string | undefined

/** The field at a path, as text. */
export const fieldAt =
  (path: string): Getter =>
  object => {
    const value = path
      .split('.')
      .reduce<unknown>((node, step) => (node as Record<string, unknown> | null | undefined)?.[step], object)
    return value === undefined || value === null ? undefined : String(value)
  }

const fields = (...paths: readonly string[]): Readonly<Record<string, Getter>> =>
  Object.fromEntries(paths.map(path => [path, fieldAt(path)]))

const involved = (name: string): readonly string[] =>
  ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(key => `${name}.${key}`)

/** What Go writes of a bool that nobody set. */
const flagAt =
  (path: string): Getter =>
  object =>
    fieldAt(path)(object) ?? 'false'

const POD_FIELDS = fields(
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'status.phase',
  'status.podIP',
  'status.nominatedNodeName',
)

export const SELECTABLE_FIELDS: Readonly<Record<string, Readonly<Record<string, Getter>>>> = {
  'v1 Pod': { ...POD_FIELDS, 'spec.hostNetwork': flagAt('spec.hostNetwork'), 'status.podIPs': fieldAt('status.podIP') },
  'v1 Event': {
    ...fields(...involved('involvedObject'), 'reason', 'reportingComponent', 'type'),
    source: fieldAt('source.component'),
  },
  'events.k8s.io/v1 Event': {
    ...Object.fromEntries(
      involved('regarding').map(path => [path, fieldAt(path.replace('regarding', 'involvedObject'))]),
    ),
    ...fields('reason', 'type'),
    reportingController: fieldAt('reportingComponent'),
  },
  'v1 Namespace': fields('status.phase'),
  'v1 Node': { 'spec.unschedulable': flagAt('spec.unschedulable') },
  'v1 Secret': fields('type'),
  'v1 Service': fields('spec.clusterIP', 'spec.type'),
  'batch/v1 Job': { 'status.successful': object => fieldAt('status.succeeded')(object) ?? '0' },
}
