import { expect, test } from 'vitest'
import type { KubeObject, OwnerReference } from '../../../kube/object.ts'
import { createOwnerGraph } from './owner-graph.ts'
import { isMeant, ownerNews } from './owner-news.ts'

const ref = (uid: string): OwnerReference => ({ apiVersion: 'v1', kind: 'ConfigMap', name: uid, uid })
const config = (uid: string, owners: readonly string[], namespace = 'n'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: uid, namespace, uid, ownerReferences: owners.map(ref) },
})
const graphOf = (...objects: readonly KubeObject[]) => {
  const graph = createOwnerGraph()
  for (const object of objects) graph.put(object)
  return graph
}
const said = (object: KubeObject, ...others: readonly KubeObject[]): readonly string[] =>
  ownerNews(object, graphOf(object, ...others)).map(action =>
    action.kind === 'event' ? `${action.reason}: ${action.message}` : '',
  )

test('owners in a circle are said, with the way round and what mends it', () => {
  expect(said(config('a', ['b']), config('b', ['c']), config('c', ['a']))).toEqual([
    'OwnerCycle: ConfigMap a is owned by ConfigMap b is owned by ConfigMap c is owned by ConfigMap a: none of them will ever be collected; remove one of these ownerReferences, or delete one of them with --cascade=foreground',
  ])
})

test('whoever owns itself is a circle too; whoever hangs from one, and owners that meet again, are not', () => {
  expect(said(config('a', ['a']))).toHaveLength(1)
  expect(said(config('x', ['a']), config('a', ['b']), config('b', ['a']))).toEqual([])
  expect(said(config('x', ['a', 'b']), config('a', ['c']), config('b', ['c']), config('c', []))).toEqual([])
})

test('OwnerRefInvalidNamespace: an owner in another namespace is said, as upstream does', () => {
  expect(said(config('a', ['b']), config('b', [], 'other'))).toEqual([
    'OwnerRefInvalidNamespace: ownerRef [v1/ConfigMap, namespace: n, name: b, uid: b] does not exist in namespace "n"',
  ])
})

test('an owner is meant by its kind, group, name and namespace, in whatever version', () => {
  const owner: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'n', uid: 'd' },
  }
  const mine = config('a', [])
  const of = (more: object): OwnerReference => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: 'd',
    uid: 'd',
    ...more,
  })
  expect(isMeant(owner, of({}), mine)).toBe(true)
  expect(isMeant(owner, of({ apiVersion: 'apps/v1beta1' }), mine)).toBe(true)
  expect(isMeant(owner, of({ apiVersion: 'extensions/v1' }), mine)).toBe(false)
  expect(isMeant(owner, of({ name: 'other' }), mine)).toBe(false)
  expect(isMeant(owner, of({}), config('a', [], 'other'))).toBe(false)
})
