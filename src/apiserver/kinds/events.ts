/** Events are stored once and seen under two names: core/v1 (as they are stored) and events.k8s.io/v1, which calls fields otherwise. */
import type { UnknownObject } from '../../kube/object.ts'

/** The stored name, and the one in events.k8s.io. */
const RENAMED: readonly (readonly [stored: string, seen: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
]

const byStored = new Map(RENAMED)
const bySeen = new Map(RENAMED.map(([stored, seen]) => [seen, stored]))

/** Go leaves these out where they are empty; the stored form has them always. */
const OPTIONAL = new Set(['reportingController', 'reportingInstance'])

const withoutEmpty = (object: UnknownObject): UnknownObject =>
  Object.fromEntries(
    Object.entries(object).filter(([key, value]) => !(OPTIONAL.has(key) && value === '')),
  ) as UnknownObject

const rename = (object: UnknownObject, names: ReadonlyMap<string, string>, apiVersion: string): UnknownObject => ({
  ...(Object.fromEntries(
    Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value]),
  ) as UnknownObject),
  apiVersion,
})

export const EVENT_CONVERSION = {
  fromStored: (object: UnknownObject): UnknownObject => withoutEmpty(rename(object, byStored, 'events.k8s.io/v1')),
  toStored: (object: UnknownObject): UnknownObject => rename(object, bySeen, 'v1'),
}
