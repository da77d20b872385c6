/** Objects of every kind as kube-apiserver 1.37 encoded them, against its own JSON of the same objects. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isRecord } from '../equal.ts'
import { decodeProtobuf } from './decode-protobuf.ts'

interface Sample {
  readonly json: { readonly kind: string }
  readonly protobuf: string
}

const samples = readFileSync(join(import.meta.dirname, '../testdata/protobuf-kinds.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as Sample)

/** A field that was never set is absent in one form and null in the other; kinds of claims within a StatefulSet are in neither message. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) =>
      each === null ? [] : [[key, key === 'volumeClaimTemplates' ? withoutKinds(each) : withoutNulls(each)]],
    ),
  )
}

const withoutKinds = (claims: unknown): unknown =>
  (claims as readonly Record<string, unknown>[]).map(({ apiVersion: _, kind: __, ...rest }) => withoutNulls(rest))

test.each(samples)('$json.kind', ({ json, protobuf }) => {
  expect(withoutNulls(decodeProtobuf(Buffer.from(protobuf, 'base64')))).toEqual(withoutNulls(json))
})
