/** `metadata.managedFields`: who manages which fields, read into claims and written back (apimachinery's util/managedfields). */
import { isRecord } from '../equal.ts'
import type { KubeObject, ManagedFieldsEntry } from '../object.ts'
import { difference, type FieldSet, union } from './field-set.ts'

/** One manager's claim. The same name applying and updating, or on another subresource, is another manager. */
export interface Manager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  readonly time: string | undefined
  readonly fields: FieldSet | undefined
}

/** Who applies is the same manager under every version of the kind. */
export const isSameManager = (a: Manager, b: Manager): boolean =>
  a.manager === b.manager &&
  a.operation === b.operation &&
  a.subresource === b.subresource &&
  (a.operation === 'Apply' || a.apiVersion === b.apiVersion)

const OWNERLESS_METADATA = [
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields'],
  'resourceVersion',
]

/** What nobody manages, and no apply takes away: identity and what the server writes. */
export const UNMANAGED: FieldSet = {
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': { '.': {}, ...Object.fromEntries(OWNERLESS_METADATA.map(name => [`f:${name}`, {}])) },
}

export const manageable = (fields: FieldSet | undefined): FieldSet | undefined => difference(fields, UNMANAGED)

export const readManagers = (object: KubeObject | undefined): readonly Manager[] =>
  (object?.metadata.managedFields ?? []).flatMap(entry =>
    isRecord(entry.fieldsV1) && Object.keys(entry.fieldsV1).length > 0
      ? [
          {
            manager: entry.manager,
            operation: entry.operation,
            apiVersion: entry.apiVersion,
            subresource: entry.subresource ?? '',
            time: entry.time,
            fields: entry.fieldsV1 as FieldSet,
          },
        ]
      : [],
  )

/** More than so many programs that only ever update are summed up, oldest first. */
const MOST_UPDATERS = 10
const ANCIENT = 'ancient-changes'

function capped(managers: readonly Manager[]): readonly Manager[] {
  const updaters = managers.filter(each => each.operation === 'Update')
  if (updaters.length <= MOST_UPDATERS) return managers
  const byAge = [...updaters].sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? -1 : 1))
  const ancient = byAge.slice(0, updaters.length - MOST_UPDATERS + 1)
  const newest = ancient.at(-1)!
  const fields = ancient.reduce<FieldSet | undefined>((all, each) => union(all, each.fields), undefined)
  return [...managers.filter(each => !ancient.includes(each)), { ...newest, manager: ANCIENT, subresource: '', fields }]
}

/** The object under these managers; those without a claim are left out. In upstream's order: appliers first, then by time and name. */
export function withManagers<T extends KubeObject>(object: T, managers: readonly Manager[]): T {
  const entries = capped(managers.filter(each => each.fields !== undefined))
    .map(entryOf)
    .sort(byOrder)
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata: entries.length > 0 ? { ...metadata, managedFields: entries } : metadata }
}

const entryOf = ({ manager, operation, apiVersion, subresource, time, fields }: Manager): ManagedFieldsEntry => ({
  manager,
  operation,
  apiVersion,
  ...(time === undefined ? {} : { time }),
  fieldsType: 'FieldsV1',
  fieldsV1: fields!,
  ...(subresource === '' ? {} : { subresource }),
})

const orderKey = ({ operation, time = '', manager, apiVersion, subresource = '' }: ManagedFieldsEntry): string =>
  [operation, time, manager, apiVersion, subresource].join(' ')

const byOrder = (a: ManagedFieldsEntry, b: ManagedFieldsEntry): number =>
  orderKey(a) < orderKey(b) ? -1 : orderKey(a) > orderKey(b) ? 1 : 0
