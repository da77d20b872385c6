/** Any object as fields, labels made from field names as kubectl makes them: `restartPolicy` becomes `Restart Policy`. */
import type { Condition, UnknownObject } from '../../kube/object.ts'
import { type Field, lines, pairs, table } from './fields.ts'

/** What every object shows first. */
export function headFields({ metadata }: UnknownObject, now: number): readonly Field[] {
  const { labels = {}, annotations = {} } = metadata
  const owner = metadata.ownerReferences?.find(ref => ref.controller)
  return [
    ['Name', metadata.name],
    ['Namespace', metadata.namespace],
    ['Labels', pairs(labels)],
    ['Annotations', pairs(annotations, ': ')],
    ['Created', metadata.creationTimestamp ? ageOf(metadata.creationTimestamp, now) : undefined],
    ['Deleted', metadata.deletionTimestamp],
    ['Controlled By', owner ? `${owner.kind}/${owner.name}` : undefined],
  ]
}

export function ageOf(time: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000))
  return `${time} (${seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`} ago)`
}

export function conditionsField(conditions: readonly Condition[] | undefined): Field {
  if (!conditions || conditions.length === 0) return ['Conditions', undefined]
  const rows = conditions.map(({ type, status, reason = '', message = '' }) => [type, status, reason, message])
  return ['Conditions', table(['Type', 'Status', 'Reason', 'Message'], rows)]
}

const HIDDEN = new Set(['apiVersion', 'kind', 'metadata'])

export function genericFields(object: UnknownObject): readonly Field[] {
  return [
    ['API Version', object.apiVersion],
    ['Kind', object.kind],
    ...Object.entries(object)
      .filter(([key]) => !HIDDEN.has(key))
      .map(([key, value]) => fieldOf(key, value)),
  ]
}

function fieldOf(key: string, value: unknown): Field {
  const label = labelOf(key)
  if (value === null || value === undefined) return [label, undefined]
  if (key === 'conditions' && Array.isArray(value)) return conditionsField(value)
  if (Array.isArray(value)) {
    if (value.every(each => typeof each !== 'object')) return [label, lines(value.map(String))]
    return [label, value.flatMap((each, i) => childrenOf(each, i))]
  }
  if (typeof value === 'object') return [label, Object.entries(value).map(([name, each]) => fieldOf(name, each))]
  return [label, String(value)]
}

const childrenOf = (value: unknown, index: number): readonly Field[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).map(([name, each]) => fieldOf(name, each))
    : [[String(index), String(value)]]

/** Keys that are data rather than field names (`nvidia.com/gpu`, `LOG_LEVEL`) stay as they are. */
function labelOf(key: string): string {
  if (!/^[a-z][a-zA-Z0-9]*$/.test(key)) return key
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
  return words.replace(/^api\b/, 'API').replace(/^./, first => first.toUpperCase())
}
