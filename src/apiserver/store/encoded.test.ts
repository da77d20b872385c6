/** Objects as text: what goes in comes out, and records pass it on unparsed. */
import { expect, test } from 'vitest'
import type { UnknownObject } from '../../kube/object.ts'
import { decodeChange, encodeChange, encodeEntry } from './change-record.ts'
import { Encoded, encodedOf } from './encoded.ts'
import { decodeRecords } from './record.ts'

const object = (extra: object = {}): UnknownObject => ({
  metadata: { name: 'a' },
  apiVersion: 'v1',
  kind: 'ConfigMap',
  ...extra,
})

test('the text begins with kind and apiVersion, whatever came first', () => {
  expect(Encoded.encode(object()).text).toBe('{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"}}')
})

test('who asks for the value twice gets the same one, frozen, and its text by it', () => {
  const encoded = new Encoded(Encoded.encode(object({ data: { b: ['c'] } })).text)
  const value = encoded.object
  expect(encoded.object).toBe(value)
  expect(encoded.peek()).toBe(value)
  expect(Object.isFrozen(value.data)).toBe(true)
  expect(encodedOf(value)).toBe(encoded)
})

test('a look leaves nothing behind', () => {
  const encoded = new Encoded('{"kind":"ConfigMap","apiVersion":"v1","metadata":{}}')
  expect(encodedOf(encoded.peek())).toBeUndefined()
})

test.each([
  ['plain names', { resource: 'apps/deployments', namespace: 'default', name: 'web' }],
  ['no namespace', { resource: 'nodes', namespace: '', name: 'n' }],
  ['names that need escapes', { resource: 'x', namespace: '"', name: 'a\\b' }],
  ['names beyond ASCII', { resource: 'x', namespace: 'é', name: '😀' }],
])('%s: a record gives back its key and its text', (_, key) => {
  const encoded = Encoded.encode(object({ data: { text: 'é 😀 "quoted" \u2028' } }))
  const records = [
    encodeChange({ revision: 7, key, object: encoded }),
    encodeChange({ revision: 8, key, object: undefined }),
    encodeEntry(key, encoded),
  ]
  const read = [...decodeRecords(Buffer.concat(records))].map(({ payload }) => decodeChange(payload))
  expect(read.map(({ revision, key: of, object: text }) => [revision, of, text?.text])).toEqual([
    [7, key, encoded.text],
    [8, key, undefined],
    [0, key, encoded.text],
  ])
})
