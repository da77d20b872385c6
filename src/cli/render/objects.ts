/** Objects as YAML, JSON, names or by JSONPath. The YAML writer is loaded only when YAML is asked for. */
import type { KubeObject } from '../../kube/object.ts'
import { jsonPathText } from '../json-path.ts'

/** As kubectl shows them: what it is first, and without managedFields, which nobody reads. */
export function shown<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata
  // Servers put the kind first; a name that is there already keeps its place.
  const titled = Object.assign({ apiVersion: object.apiVersion, kind: object.kind }, object)
  return { ...titled, metadata }
}

export const listOf = (items: readonly KubeObject[]): object => ({
  apiVersion: 'v1',
  items,
  kind: 'List',
  metadata: { resourceVersion: '' },
})

export async function toYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml')
  // Long strings stay on one line and nothing is shared by anchors: what is printed can be edited and applied.
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}

export const toJson = (value: unknown): string => `${JSON.stringify(value, undefined, 4)}\n`

/** `value` in the format that `-o` names: yaml, json or jsonpath=…. */
export async function formatted(value: unknown, format: string): Promise<string> {
  if (format === 'yaml') return toYaml(value)
  if (format === 'json') return toJson(value)
  return jsonPathText(value, format.slice('jsonpath='.length))
}
