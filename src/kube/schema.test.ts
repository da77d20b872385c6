/** Structural schemas: what breaks them, what they drop, what they fill in. Messages are upstream's. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from './canonical-json.ts'
import { contentHash8 } from './content-name.ts'
import type { StructuralSchema } from './schema.ts'
import { applyDefaults } from './schema-default.ts'
import { TEXT_RULES } from './schema-format.ts'
import { formatFieldPath } from './schema-path.ts'
import { pruneUnknown } from './schema-prune.ts'
import { causeMessage, validateSchema } from './schema-validate.ts'

const message = (schema: StructuralSchema, value: unknown): string[] =>
  validateSchema({ type: 'object', properties: { spec: schema } }, { spec: value }, TEXT_RULES).map(
    v => `${formatFieldPath(v.path)}: ${causeMessage(v)}`,
  )

test.each<[string, StructuralSchema, unknown, string[]]>([
  [
    'a string for an integer',
    { type: 'integer' },
    'three',
    ['spec: Invalid value: "string": spec in body must be of type integer: "string"'],
  ],
  ['an integer for a number', { type: 'number' }, 3, []],
  [
    'a fraction for an integer',
    { type: 'integer' },
    1.5,
    ['spec: Invalid value: "number": spec in body must be of type integer: "number"'],
  ],
  [
    'null for an object',
    { type: 'object' },
    null,
    ['spec: Invalid value: "null": spec in body must be of type object: "null"'],
  ],
  ['null where it is allowed', { type: 'object', nullable: true }, null, []],
  ['a port by name', { 'x-kubernetes-int-or-string': true }, 'http', []],
  ['a port by number', { 'x-kubernetes-int-or-string': true }, 80, []],
  [
    'a port as a fraction',
    { 'x-kubernetes-int-or-string': true },
    0.5,
    ['spec: Invalid value: "number": spec in body must be of type integer,string: "number"'],
  ],
  [
    'a value that is not offered',
    { type: 'string', enum: ['sum', 'count'] },
    'avg',
    ['spec: Unsupported value: "avg": supported values: "sum", "count"'],
  ],
  [
    'too small',
    { type: 'integer', minimum: 1 },
    0,
    ['spec: Invalid value: 0: spec in body should be greater than or equal to 1'],
  ],
  [
    'not above',
    { type: 'integer', minimum: 1, exclusiveMinimum: true },
    1,
    ['spec: Invalid value: 1: spec in body should be greater than 1'],
  ],
  [
    'too large',
    { type: 'integer', maximum: 9 },
    10,
    ['spec: Invalid value: 10: spec in body should be less than or equal to 9'],
  ],
  [
    'not below',
    { type: 'number', maximum: 9, exclusiveMaximum: true },
    9,
    ['spec: Invalid value: 9: spec in body should be less than 9'],
  ],
  ['too long', { type: 'string', maxLength: 2 }, 'abc', ['spec: Too long: may not be more than 2 bytes']],
  ['two characters of four units', { type: 'string', maxLength: 2 }, '😀😀', []],
  [
    'too short',
    { type: 'string', minLength: 1 },
    '',
    ['spec: Invalid value: "": spec in body should be at least 1 chars long'],
  ],
  [
    'another pattern',
    { type: 'string', pattern: '^a+$' },
    'b',
    ['spec: Invalid value: "b": spec in body should match \'^a+$\''],
  ],
  ['too many items', { type: 'array', maxItems: 1 }, [1, 2], ['spec: Too many: 2: must have at most 1 item']],
  [
    'too few items',
    { type: 'array', minItems: 1 },
    [],
    ['spec: Invalid value: 0: spec in body should have at least 1 items'],
  ],
  ['too many fields', { type: 'object', maxProperties: 0 }, { a: 1 }, ['spec: Too many: 1: must have at most 0 items']],
  [
    'too few fields',
    { type: 'object', minProperties: 1 },
    {},
    ['spec: Invalid value: 0: spec in body should have at least 1 properties'],
  ],
  ['a field is missing', { type: 'object', required: ['a'] }, {}, ['spec.a: Required value']],
  [
    'an item of the wrong type',
    { type: 'array', items: { type: 'string' } },
    ['a', 1],
    ['spec[1]: Invalid value: "integer": spec[1] in body must be of type string: "integer"'],
  ],
  [
    'a value of a map',
    { type: 'object', additionalProperties: { type: 'string' } },
    { 'a.b': 1 },
    ['spec[a.b]: Invalid value: "integer": spec.a.b in body must be of type string: "integer"'],
  ],
  ['twice in a set', { type: 'array', 'x-kubernetes-list-type': 'set' }, ['a', 'a'], ['spec[1]: Duplicate value: "a"']],
  [
    'twice the same key',
    { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
    [
      { name: 'a', v: 1 },
      { name: 'a', v: 2 },
    ],
    ['spec[1]: Duplicate value: {"name":"a"}'],
  ],
  [
    'an embedded object without kind',
    { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
    { apiVersion: 'v1' },
    ['spec.kind: Required value'],
  ],
  [
    'two at once',
    { type: 'object', required: ['a'], properties: { b: { type: 'boolean' } } },
    { b: 'yes' },
    ['spec.a: Required value', 'spec.b: Invalid value: "string": spec.b in body must be of type boolean: "string"'],
  ],
])('validation of %s', (_, schema, value, expected) => expect(message(schema, value)).toEqual(expected))

const SCHEMA: StructuralSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer', default: 3 },
        policy: { type: 'object', default: {}, properties: { mode: { type: 'string', default: 'fast' } } },
        list: { type: 'array', items: { type: 'object', properties: { port: { type: 'integer', default: 80 } } } },
        free: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { known: { type: 'object' } },
        },
        object: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: { type: 'object' } } },
        map: { type: 'object', additionalProperties: { type: 'object', properties: { a: { type: 'string' } } } },
      },
    },
  },
}

test('pruning drops what the schema does not know, says so, and keeps what every object has', () => {
  const value = {
    apiVersion: 'a/v1',
    kind: 'A',
    metadata: { name: 'x', anything: true },
    extra: 1,
    spec: {
      sise: 1,
      list: [{ port: 1, prot: 'tcp' }],
      free: { anything: { deep: 1 }, known: { dropped: 1 } },
      object: { apiVersion: 'v1', kind: 'B', metadata: {}, spec: { dropped: 1 }, status: 1 },
      map: { one: { a: 'a', b: 'b' } },
    },
  }
  const { value: kept, unknown } = pruneUnknown(SCHEMA, value)
  expect(kept).toEqual({
    apiVersion: 'a/v1',
    kind: 'A',
    metadata: { name: 'x', anything: true },
    spec: {
      list: [{ port: 1 }],
      free: { anything: { deep: 1 }, known: {} },
      object: { apiVersion: 'v1', kind: 'B', metadata: {}, spec: {} },
      map: { one: { a: 'a' } },
    },
  })
  expect(unknown.map(formatFieldPath)).toEqual([
    'extra',
    'spec.sise',
    'spec.list[0].prot',
    'spec.free.known.dropped',
    'spec.object.spec.dropped',
    'spec.object.status',
    'spec.map.one.b',
  ])
})

test('defaults fill what is absent, inside defaults and list items too, and leave what is given', () => {
  expect(applyDefaults(SCHEMA, { spec: { list: [{}, { port: 1 }] } })).toEqual({
    spec: { size: 3, policy: { mode: 'fast' }, list: [{ port: 80 }, { port: 1 }] },
  })
  expect(applyDefaults(SCHEMA, { spec: { size: null } })).toEqual({ spec: { size: 3, policy: { mode: 'fast' } } })
  const given = { spec: { size: 1, policy: { mode: 'slow' } } }
  expect(applyDefaults(SCHEMA, given)).toBe(given)
})

test('pruning and defaulting are settled after once, and share what they do not change', () => {
  fc.assert(
    fc.property(fc.jsonValue(), json => {
      const pruned = pruneUnknown(SCHEMA, json)
      expect(pruneUnknown(SCHEMA, pruned.value)).toEqual({ value: pruned.value, unknown: [] })
      if (pruned.unknown.length === 0) expect(pruned.value).toBe(json)
      const filled = applyDefaults(SCHEMA, json)
      expect(applyDefaults(SCHEMA, filled)).toBe(filled)
    }),
  )
})

test('the order of keys does not change a name by content, and any other change does', () => {
  expect(contentHash8({ a: 1, b: { c: 2, d: 3 } })).toBe(contentHash8({ b: { d: 3, c: 2 }, a: 1 }))
  expect(contentHash8({ a: 1 })).not.toBe(contentHash8({ a: 2 }))
  expect(contentHash8({ a: 1 })).toBe(createHash('sha256').update('{"a":1}').digest('hex').slice(0, 8))
  fc.assert(
    fc.property(fc.jsonValue(), json => {
      expect(JSON.parse(canonicalJson(json))).toEqual(JSON.parse(JSON.stringify(json)))
    }),
  )
})
