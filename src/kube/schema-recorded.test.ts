/** Values and schemas that a kube-apiserver of v1.37.2 was shown, and what it said of them: causes as `reason field message`. */
import { beforeAll, expect, test } from 'vitest'
import { loadCel } from './cel/compile.ts'
import type { StructuralSchema } from './schema.ts'
import { applyDefaults } from './schema-default.ts'
import { TEXT_RULES } from './schema-format.ts'
import { formatDottedPath } from './schema-path.ts'
import { compileRules } from './schema-rules.ts'
import { causeMessage, validateSchema } from './schema-validate.ts'

beforeAll(loadCel)

function causes(name: string, schema: StructuralSchema, value: unknown): readonly string[] {
  const whole: StructuralSchema = {
    type: 'object',
    properties: { spec: { type: 'object', properties: { [name]: schema } } },
  }
  const object = applyDefaults(whole, { spec: { [name]: value } })
  const wrong = validateSchema(whole, object, TEXT_RULES)
  const violations = wrong.length > 0 ? wrong : (compileRules(whole)?.validate(object, undefined).violations ?? [])
  return violations
    .map(each => `${each.reason} ${each.field ?? (formatDottedPath(each.path) || '<nil>')} ${causeMessage(each)}`)
    .sort()
}

// Nulls are dropped and defaults filled in before, as on every write.
const CASES: readonly (readonly [name: string, schema: StructuralSchema, value: unknown, causes: readonly string[]])[] =
  [
    [
      'enumOne',
      { type: 'string', enum: ['a', 'b'] },
      'c',
      ['FieldValueNotSupported spec.enumOne Unsupported value: "c": supported values: "a", "b"'],
    ],
    [
      'enumInt',
      { type: 'integer', enum: [1, 2] },
      3,
      ['FieldValueNotSupported spec.enumInt Unsupported value: 3: supported values: "1", "2"'],
    ],
    [
      'minLength',
      { type: 'string', minLength: 3 },
      'a',
      ['FieldValueInvalid spec.minLength Invalid value: "a": spec.minLength in body should be at least 3 chars long'],
    ],
    [
      'maxLength',
      { type: 'string', maxLength: 3 },
      'abcdé',
      ['FieldValueTooLong spec.maxLength Too long: may not be more than 3 bytes'],
    ],
    [
      'pattern',
      { type: 'string', pattern: '^a+$' },
      'b',
      ['FieldValueInvalid spec.pattern Invalid value: "b": spec.pattern in body should match \'^a+$\''],
    ],
    [
      'minimum',
      { type: 'integer', minimum: 5 },
      1,
      ['FieldValueInvalid spec.minimum Invalid value: 1: spec.minimum in body should be greater than or equal to 5'],
    ],
    [
      'xmin',
      { type: 'number', minimum: 5, exclusiveMinimum: true },
      5,
      ['FieldValueInvalid spec.xmin Invalid value: 5: spec.xmin in body should be greater than 5'],
    ],
    [
      'maximum',
      { type: 'integer', maximum: 5 },
      6,
      ['FieldValueInvalid spec.maximum Invalid value: 6: spec.maximum in body should be less than or equal to 5'],
    ],
    [
      'xmax',
      { type: 'number', maximum: 5.5, exclusiveMaximum: true },
      5.5,
      ['FieldValueInvalid spec.xmax Invalid value: 5.5: spec.xmax in body should be less than 5.5'],
    ],
    [
      'multiple',
      { type: 'integer', multipleOf: 3 },
      5,
      ['FieldValueInvalid spec.multiple Invalid value: 5: spec.multiple in body should be a multiple of 3'],
    ],
    [
      'multipleF',
      { type: 'number', multipleOf: 0.5 },
      0.7,
      ['FieldValueInvalid spec.multipleF Invalid value: 0.7: spec.multipleF in body should be a multiple of 0.5'],
    ],
    [
      'maxItems',
      { type: 'array', maxItems: 1, items: { type: 'integer' } },
      [1, 2],
      ['FieldValueTooMany spec.maxItems Too many: 2: must have at most 1 item'],
    ],
    [
      'minItems',
      { type: 'array', minItems: 2, items: { type: 'integer' } },
      [1],
      ['FieldValueInvalid spec.minItems Invalid value: 1: spec.minItems in body should have at least 2 items'],
    ],
    [
      'item',
      { type: 'array', items: { type: 'integer' } },
      [1, 'a'],
      [
        'FieldValueTypeInvalid spec.item[1] Invalid value: "string": spec.item[1] in body must be of type integer: "string"',
      ],
    ],
    [
      'maxProps',
      { type: 'object', maxProperties: 1, additionalProperties: { type: 'string' } },
      { a: '1', b: '2' },
      ['FieldValueTooMany spec.maxProps Too many: 2: must have at most 1 item'],
    ],
    [
      'minProps',
      { type: 'object', minProperties: 2, additionalProperties: { type: 'string' } },
      { a: '1' },
      ['FieldValueInvalid spec.minProps Invalid value: 1: spec.minProps in body should have at least 2 properties'],
    ],
    [
      'propType',
      { type: 'object', additionalProperties: { type: 'string' } },
      { a: 1, 'b.c': 2 },
      [
        'FieldValueTypeInvalid spec.propType.a Invalid value: "integer": spec.propType.a in body must be of type string: "integer"',
        'FieldValueTypeInvalid spec.propType.b.c Invalid value: "integer": spec.propType.b.c in body must be of type string: "integer"',
      ],
    ],
    [
      'required',
      { type: 'object', required: ['x', 'y'], properties: { x: { type: 'integer' }, y: { type: 'integer' } } },
      {},
      ['FieldValueRequired spec.required.x Required value', 'FieldValueRequired spec.required.y Required value'],
    ],
    [
      'requiredEmpty',
      { type: 'object', required: ['x'], properties: { x: { type: 'string' } } },
      { x: null },
      ['FieldValueRequired spec.requiredEmpty.x Required value'],
    ],
    [
      'typeInt',
      { type: 'integer' },
      'a',
      [
        'FieldValueTypeInvalid spec.typeInt Invalid value: "string": spec.typeInt in body must be of type integer: "string"',
      ],
    ],
    [
      'typeIntF',
      { type: 'integer' },
      1.5,
      [
        'FieldValueTypeInvalid spec.typeIntF Invalid value: "number": spec.typeIntF in body must be of type integer: "number"',
      ],
    ],
    [
      'typeNum',
      { type: 'number' },
      '1',
      [
        'FieldValueTypeInvalid spec.typeNum Invalid value: "string": spec.typeNum in body must be of type number: "string"',
      ],
    ],
    [
      'typeBool',
      { type: 'boolean' },
      'true',
      [
        'FieldValueTypeInvalid spec.typeBool Invalid value: "string": spec.typeBool in body must be of type boolean: "string"',
      ],
    ],
    [
      'typeStr',
      { type: 'string' },
      1,
      [
        'FieldValueTypeInvalid spec.typeStr Invalid value: "integer": spec.typeStr in body must be of type string: "integer"',
      ],
    ],
    [
      'typeArr',
      { type: 'array', items: { type: 'integer' } },
      {},
      [
        'FieldValueTypeInvalid spec.typeArr Invalid value: "object": spec.typeArr in body must be of type array: "object"',
      ],
    ],
    [
      'typeObj',
      { type: 'object' },
      [],
      [
        'FieldValueTypeInvalid spec.typeObj Invalid value: "array": spec.typeObj in body must be of type object: "array"',
      ],
    ],
    ['nullOk', { type: 'string', nullable: true }, null, []],
    [
      'nullItem',
      { type: 'array', items: { type: 'integer' } },
      [null],
      [
        'FieldValueTypeInvalid spec.nullItem[0] Invalid value: "null": spec.nullItem[0] in body must be of type integer: "null"',
      ],
    ],
    [
      'ios',
      { 'x-kubernetes-int-or-string': true },
      1.5,
      [
        'FieldValueTypeInvalid spec.ios Invalid value: "number": spec.ios in body must be of type integer,string: "number"',
      ],
    ],
    [
      'iosObj',
      { 'x-kubernetes-int-or-string': true },
      {},
      [
        'FieldValueTypeInvalid spec.iosObj Invalid value: "object": spec.iosObj in body must be of type integer,string: "object"',
      ],
    ],
    [
      'iosPat',
      { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], pattern: '^[0-9]+%$' },
      'x',
      ['FieldValueInvalid spec.iosPat Invalid value: "x": spec.iosPat in body should match \'^[0-9]+%$\''],
    ],
    [
      'anyOf',
      {
        type: 'object',
        properties: { a: { type: 'integer' }, b: { type: 'integer' } },
        anyOf: [{ required: ['a'] }, { required: ['b'] }],
      },
      {},
      [
        'FieldValueInvalid <nil> Invalid value: "": "spec.anyOf" must validate at least one schema (anyOf)',
        'FieldValueRequired spec.anyOf.a Required value',
      ],
    ],
    [
      'oneOfNone',
      {
        type: 'object',
        properties: { a: { type: 'integer' }, b: { type: 'integer' } },
        oneOf: [{ required: ['a'] }, { required: ['b'] }],
      },
      {},
      [
        'FieldValueInvalid <nil> Invalid value: "": "spec.oneOfNone" must validate one and only one schema (oneOf). Found none valid',
        'FieldValueRequired spec.oneOfNone.a Required value',
      ],
    ],
    [
      'oneOfBoth',
      {
        type: 'object',
        properties: { a: { type: 'integer' }, b: { type: 'integer' } },
        oneOf: [{ required: ['a'] }, { required: ['b'] }],
      },
      { a: 1, b: 2 },
      [
        'FieldValueInvalid <nil> Invalid value: "": "spec.oneOfBoth" must validate one and only one schema (oneOf). Found 2 valid alternatives',
      ],
    ],
    [
      'allOf',
      { type: 'integer', allOf: [{ minimum: 5 }, { multipleOf: 2 }] },
      3,
      [
        'FieldValueInvalid <nil> Invalid value: "": "spec.allOf" must validate all the schemas (allOf). None validated',
        'FieldValueInvalid spec.allOf Invalid value: 3: spec.allOf in body should be a multiple of 2',
        'FieldValueInvalid spec.allOf Invalid value: 3: spec.allOf in body should be greater than or equal to 5',
      ],
    ],
    [
      'not',
      { type: 'object', properties: { a: { type: 'integer' } }, not: { required: ['a'] } },
      { a: 1 },
      ['FieldValueInvalid <nil> Invalid value: "": "spec.not" must not validate the schema (not)'],
    ],
    [
      'anyOfVal',
      { type: 'string', anyOf: [{ pattern: '^a' }, { maxLength: 2 }] },
      'bcd',
      [
        'FieldValueInvalid <nil> Invalid value: "": "spec.anyOfVal" must validate at least one schema (anyOf)',
        'FieldValueInvalid spec.anyOfVal Invalid value: "bcd": spec.anyOfVal in body should match \'^a\'',
      ],
    ],
    [
      'notEnum',
      { type: 'string', not: { enum: ['x'] } },
      'x',
      ['FieldValueInvalid <nil> Invalid value: "": "spec.notEnum" must not validate the schema (not)'],
    ],
    [
      'fDate',
      { type: 'string', format: 'date' },
      '2024',
      ['FieldValueTypeInvalid spec.fDate Invalid value: "2024": spec.fDate in body must be of type date: "2024"'],
    ],
    [
      'fDateTime',
      { type: 'string', format: 'date-time' },
      'x',
      [
        'FieldValueTypeInvalid spec.fDateTime Invalid value: "x": spec.fDateTime in body must be of type date-time: "x"',
      ],
    ],
    [
      'fDuration',
      { type: 'string', format: 'duration' },
      '1y',
      [
        'FieldValueTypeInvalid spec.fDuration Invalid value: "1y": spec.fDuration in body must be of type duration: "1y"',
      ],
    ],
    [
      'fByte',
      { type: 'string', format: 'byte' },
      '%%',
      ['FieldValueTypeInvalid spec.fByte Invalid value: "%%": spec.fByte in body must be of type byte: "%%"'],
    ],
    [
      'fIpv4',
      { type: 'string', format: 'ipv4' },
      '1.2.3',
      ['FieldValueTypeInvalid spec.fIpv4 Invalid value: "1.2.3": spec.fIpv4 in body must be of type ipv4: "1.2.3"'],
    ],
    [
      'fIpv6',
      { type: 'string', format: 'ipv6' },
      '1.2.3.4',
      ['FieldValueTypeInvalid spec.fIpv6 Invalid value: "1.2.3.4": spec.fIpv6 in body must be of type ipv6: "1.2.3.4"'],
    ],
    [
      'fCidr',
      { type: 'string', format: 'cidr' },
      '1.2.3.4',
      ['FieldValueTypeInvalid spec.fCidr Invalid value: "1.2.3.4": spec.fCidr in body must be of type cidr: "1.2.3.4"'],
    ],
    [
      'fMac',
      { type: 'string', format: 'mac' },
      'x',
      ['FieldValueTypeInvalid spec.fMac Invalid value: "x": spec.fMac in body must be of type mac: "x"'],
    ],
    [
      'fUuid',
      { type: 'string', format: 'uuid' },
      'x',
      ['FieldValueTypeInvalid spec.fUuid Invalid value: "x": spec.fUuid in body must be of type uuid: "x"'],
    ],
    [
      'fUuid4',
      { type: 'string', format: 'uuid4' },
      'x',
      ['FieldValueTypeInvalid spec.fUuid4 Invalid value: "x": spec.fUuid4 in body must be of type uuid4: "x"'],
    ],
    [
      'fUri',
      { type: 'string', format: 'uri' },
      '::',
      ['FieldValueTypeInvalid spec.fUri Invalid value: "::": spec.fUri in body must be of type uri: "::"'],
    ],
    [
      'fEmail',
      { type: 'string', format: 'email' },
      'x',
      ['FieldValueTypeInvalid spec.fEmail Invalid value: "x": spec.fEmail in body must be of type email: "x"'],
    ],
    [
      'fHostname',
      { type: 'string', format: 'hostname' },
      '-a',
      [
        'FieldValueTypeInvalid spec.fHostname Invalid value: "-a": spec.fHostname in body must be of type hostname: "-a"',
      ],
    ],
    [
      'fInt32',
      { type: 'integer', format: 'int32' },
      3000000000,
      [
        'FieldValueInvalid <nil> Invalid value: "": Checked value must be of type integer with format int32 in spec.fInt32',
      ],
    ],
    ['fInt64', { type: 'integer', format: 'int64' }, 3000000000, []],
    ['fPassword', { type: 'string', format: 'password' }, 'x', []],
    [
      'fBsonid',
      { type: 'string', format: 'bsonobjectid' },
      'x',
      ['FieldValueTypeInvalid spec.fBsonid Invalid value: "x": spec.fBsonid in body must be of type bsonobjectid: "x"'],
    ],
    [
      'fIsbn',
      { type: 'string', format: 'isbn' },
      'x',
      ['FieldValueTypeInvalid spec.fIsbn Invalid value: "x": spec.fIsbn in body must be of type isbn: "x"'],
    ],
    [
      'fCredit',
      { type: 'string', format: 'creditcard' },
      'x',
      ['FieldValueTypeInvalid spec.fCredit Invalid value: "x": spec.fCredit in body must be of type creditcard: "x"'],
    ],
    [
      'fSsn',
      { type: 'string', format: 'ssn' },
      'x',
      ['FieldValueTypeInvalid spec.fSsn Invalid value: "x": spec.fSsn in body must be of type ssn: "x"'],
    ],
    [
      'fHex',
      { type: 'string', format: 'hexcolor' },
      'x',
      ['FieldValueTypeInvalid spec.fHex Invalid value: "x": spec.fHex in body must be of type hexcolor: "x"'],
    ],
    [
      'fRgb',
      { type: 'string', format: 'rgbcolor' },
      'x',
      ['FieldValueTypeInvalid spec.fRgb Invalid value: "x": spec.fRgb in body must be of type rgbcolor: "x"'],
    ],
    ['fQuantity', { type: 'string', format: 'quantity' }, 'x', []],
    [
      'fLabel',
      { type: 'string', format: 'k8s-short-name' },
      'A_',
      [
        'FieldValueTypeInvalid spec.fLabel Invalid value: "A_": spec.fLabel in body must be of type k8s-short-name: "A_"',
      ],
    ],
    [
      'fLong',
      { type: 'string', format: 'k8s-long-name' },
      'A_',
      ['FieldValueTypeInvalid spec.fLong Invalid value: "A_": spec.fLong in body must be of type k8s-long-name: "A_"'],
    ],
    ['fUnknown', { type: 'string', format: 'nonsense' }, 'x', []],
    [
      'fFloat',
      { type: 'number', format: 'float' },
      1e300,
      [
        'FieldValueInvalid <nil> Invalid value: "": Checked value must be of type number with format float in spec.fFloat',
      ],
    ],
    [
      'set',
      { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      ['a', 'b', 'a', 'a'],
      ['FieldValueDuplicate spec.set[2] Duplicate value: "a"'],
    ],
    [
      'map',
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['n', 'p'],
        items: {
          type: 'object',
          required: ['n'],
          properties: { n: { type: 'string' }, p: { type: 'integer', default: 1 }, v: { type: 'integer' } },
        },
      },
      [{ n: 'a' }, { n: 'a', p: 1 }, { n: 'a', p: 2 }],
      ['FieldValueDuplicate spec.map[1] Duplicate value: {"n":"a","p":1}'],
    ],
    [
      'setObj',
      {
        type: 'array',
        'x-kubernetes-list-type': 'set',
        items: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: { type: 'integer' } } },
      },
      [{ a: 1 }, { a: 1 }],
      ['FieldValueDuplicate spec.setObj[1] Duplicate value: {"a":1}'],
    ],
    [
      'embed',
      { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
      { apiVersion: 'v1' },
      ['FieldValueRequired spec.embed.kind Required value'],
    ],
    [
      'cel',
      {
        type: 'object',
        properties: { a: { type: 'integer' } },
        'x-kubernetes-validations': [
          { rule: 'self.a > 5' },
          { rule: 'self.a > 6', message: ' too small ' },
          { rule: 'self.a > 7', messageExpression: 'self.a < 3 ? "a is small" : "b"' },
          { rule: 'self.a > 8', message: 'bad', fieldPath: '.a' },
          { rule: 'self.a > 9', message: 'forb', reason: 'FieldValueForbidden' },
          { rule: 'self.a > 9', message: 'req', reason: 'FieldValueRequired', fieldPath: '.a' },
          { rule: 'self.a > 9', message: 'dup', reason: 'FieldValueDuplicate' },
          { rule: '10 / (self.a - 1) > 0' },
          { rule: 'self.a > 5\n && true', message: 'multi' },
        ],
      },
      { a: 1 },
      [
        'FieldValueDuplicate spec.cel Duplicate value',
        'FieldValueForbidden spec.cel Forbidden: forb',
        'FieldValueInvalid spec.cel Invalid value: "object": division by zero evaluating rule: 10 / (self.a - 1) > 0',
        'FieldValueInvalid spec.cel Invalid value: a is small',
        'FieldValueInvalid spec.cel Invalid value: failed rule: self.a > 5',
        'FieldValueInvalid spec.cel Invalid value: multi',
        'FieldValueInvalid spec.cel Invalid value: too small',
        'FieldValueInvalid spec.cel.a Invalid value: bad',
        'FieldValueRequired spec.cel.a Required value: req',
      ],
    ],
    [
      'celScalar',
      {
        type: 'integer',
        'x-kubernetes-validations': [
          { rule: 'self > 5' },
          { rule: 'self > 9', reason: 'FieldValueDuplicate', message: 'dd' },
        ],
      },
      1,
      [
        'FieldValueDuplicate spec.celScalar Duplicate value: 1',
        'FieldValueInvalid spec.celScalar Invalid value: 1: failed rule: self > 5',
      ],
    ],
    [
      'celStr',
      { type: 'string', maxLength: 10, 'x-kubernetes-validations': [{ rule: 'self.startsWith("x")', message: 'x!' }] },
      'abc',
      ['FieldValueInvalid spec.celStr Invalid value: "abc": x!'],
    ],
    [
      'celList',
      {
        type: 'array',
        maxItems: 5,
        items: { type: 'integer' },
        'x-kubernetes-validations': [{ rule: 'self.size() > 5', message: 'more' }],
      },
      [1],
      ['FieldValueInvalid spec.celList Invalid value: more'],
    ],
    [
      'celIos',
      { 'x-kubernetes-int-or-string': true, 'x-kubernetes-validations': [{ rule: 'self + 1 > 5' }] },
      'a',
      [
        'FieldValueInvalid spec.celIos Invalid value: "": \'no such overload\': call arguments did not match a supported operator, function or macro signature for rule: self + 1 > 5',
      ],
    ],
    [
      'celKey',
      {
        type: 'object',
        properties: {
          a: { type: 'integer' },
          m: { type: 'object', maxProperties: 5, additionalProperties: { type: 'integer' } },
        },
        'x-kubernetes-validations': [{ rule: 'self.a > 0' }, { rule: 'self.m["zz"] > 0' }],
      },
      { m: {} },
      [
        'FieldValueInvalid spec.celKey Invalid value: "object": no such key: a evaluating rule: self.a > 0',
        'FieldValueInvalid spec.celKey Invalid value: "object": no such key: zz evaluating rule: self.m["zz"] > 0',
      ],
    ],
    [
      'celItems',
      {
        type: 'array',
        maxItems: 3,
        items: {
          type: 'object',
          properties: { v: { type: 'integer' } },
          'x-kubernetes-validations': [{ rule: 'self.v > 1', message: 'v', fieldPath: '.v' }],
        },
      },
      [{ v: 1 }, { v: 2 }, { v: 0 }],
      [
        'FieldValueInvalid spec.celItems[0].v Invalid value: v',
        'FieldValueInvalid spec.celItems[2].v Invalid value: v',
      ],
    ],
    [
      'celMapItems',
      {
        type: 'object',
        maxProperties: 3,
        additionalProperties: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 1', message: 'v' }] },
      },
      { a: 1, 'b.c': 0 },
      [
        'FieldValueInvalid spec.celMapItems[a] Invalid value: 1: v',
        'FieldValueInvalid spec.celMapItems[b.c] Invalid value: 0: v',
      ],
    ],
  ]

test.each(CASES)('%s', (name, schema, value, expected) => expect(causes(name, schema, value)).toEqual(expected))
