/** The generated table answers for every kind that we serve. */
import { expect, test } from 'vitest'
import { builtInSchema, objectMetaSchema } from './built-in-schema.ts'
import { apiVersionOf, BUILT_IN_KINDS } from './kinds.ts'

test.each(BUILT_IN_KINDS.map(info => [apiVersionOf(info), info.kind]))('%s %s has a schema', (apiVersion, kind) => {
  expect(builtInSchema(apiVersion, kind)?.properties?.metadata?.properties).toBe(objectMetaSchema().properties)
})

test('lists say by which keys they merge', () => {
  const containers = builtInSchema('v1', 'Pod')?.properties?.spec?.properties?.containers
  expect(containers?.['x-kubernetes-patch-merge-key']).toBe('name')
  expect(containers?.['x-kubernetes-list-map-keys']).toEqual(['name'])
  const ports = containers?.items?.properties?.ports
  expect(ports?.['x-kubernetes-patch-merge-key']).toBe('containerPort')
  expect(ports?.['x-kubernetes-list-map-keys']).toEqual(['containerPort', 'protocol'])
})
