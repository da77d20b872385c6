/** Protobuf bodies that are broken; whole ones are held against Kubernetes' own encoder in kube/upstream.test.ts. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeProtobuf } from './decode-protobuf.ts'
import { MalformedProtobuf } from './wire.ts'

const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap(part => (typeof part === 'string' ? [...Buffer.from(part)] : [...part])))

/** A message's field that holds bytes: its tag, their length, they. */
const field = (number: number, content: Uint8Array): readonly number[] => [number * 8 + 2, content.length, ...content]

const body = (apiVersion: string, kind: string, raw: Uint8Array): Uint8Array =>
  bytes('k8s\0', field(1, bytes(field(1, bytes(apiVersion)), field(2, bytes(kind)))), field(2, raw))

test('a ConfigMap comes out as its JSON would be', () => {
  const metadata = bytes(field(1, bytes('settings')), field(2, bytes('')))
  const entry = bytes(field(1, bytes('level')), field(2, bytes('info')))
  const raw = bytes(field(1, metadata), field(2, entry))
  expect(decodeProtobuf(body('v1', 'ConfigMap', raw))).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings' },
    data: { level: 'info' },
  })
})

test('a field of a later release is passed over', () => {
  expect(decodeProtobuf(body('v1', 'ConfigMap', bytes([0xf8, 0x07, 0x05])))).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
  })
})

test.each([
  ['no envelope', bytes('{}'), 'expected prefix'],
  ['an unknown kind', body('v1', 'Pood', bytes()), 'no protobuf form of Pood'],
  ['a length beyond the end', body('v1', 'ConfigMap', bytes([0x0a, 0x7f])), 'unexpected EOF'],
  ['a number where a message belongs', body('v1', 'ConfigMap', bytes([0x08, 0x01])), 'wrong wireType'],
  ['a group', body('v1', 'ConfigMap', bytes([0x0b])), 'wrong wireType'],
  ['a field zero', body('v1', 'ConfigMap', bytes([0x02, 0x00])), 'illegal tag'],
])('%s is refused', (_, broken, why) => {
  expect(() => decodeProtobuf(broken)).toThrow(MalformedProtobuf)
  expect(() => decodeProtobuf(broken)).toThrow(why)
})

test('whatever comes, it is an object or MalformedProtobuf', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('Pod', 'ConfigMap', 'Secret', 'Node'),
      fc.uint8Array({ maxLength: 200 }),
      (kind, raw) => {
        try {
          expect(decodeProtobuf(body('v1', kind, raw))).toMatchObject({ kind })
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedProtobuf)
        }
      },
    ),
  )
})
