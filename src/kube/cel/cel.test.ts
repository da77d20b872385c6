/** CEL as Kubernetes speaks it: what expressions yield, which are refused and in which words, and that none runs for long. */
import { describe, expect, test } from 'vitest'
import { compileExpression } from './program.ts'
import { escapeField, schemaType } from './schema-type.ts'
import { type CelType, DYN } from './types.ts'
import { fromJson, toJson } from './values.ts'

const SELF = schemaType(
  {
    type: 'object',
    properties: {
      n: { type: 'integer' },
      x: { type: 'number' },
      s: { type: 'string' },
      b: { type: 'boolean' },
      when: { type: 'string', format: 'date-time' },
      wait: { type: 'string', format: 'duration' },
      list: { type: 'array', items: { type: 'integer' } },
      names: { type: 'array', items: { type: 'string' } },
      map: { type: 'object', additionalProperties: { type: 'integer' } },
      port: { 'x-kubernetes-int-or-string': true },
      'a-b': { type: 'string' },
      namespace: { type: 'string' },
      items: {
        type: 'array',
        items: { type: 'object', properties: { name: { type: 'string' }, v: { type: 'integer' } } },
      },
      big: { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
    },
  },
  'selfType1',
) as CelType
const JSON_SELF = {
  n: 3,
  x: 1,
  s: 'héllo😀',
  b: true,
  when: '2024-02-29T12:30:45.5Z',
  wait: '1h30m',
  list: [3, 1, 2],
  names: ['a', 'b', 'a'],
  map: { one: 1, two: 2 },
  port: '80%',
  'a-b': 'dash',
  namespace: 'ns',
  items: [
    { name: 'p', v: 1 },
    { name: 'q', v: 2 },
  ],
}

const VARIABLES = new Map([
  ['self', SELF],
  ['any', DYN],
])

function run(source: string, limit?: number): unknown {
  const compiled = compileExpression(source, VARIABLES)
  if ('issues' in compiled) return compiled.issues
  const any = fromJson({ n: 1, list: [1, 'a'], nested: { deep: [true] } }, DYN)
  const outcome = compiled.program.run({ self: fromJson(JSON_SELF, SELF), any }, limit)
  return outcome.kind === 'value' ? toJson(outcome.value) : `${outcome.kind}: ${outcome.message}`
}

test.each<[string, unknown]>([
  ['1 + 2 * 3', 7],
  ['-7 / 2', -3],
  ['-7 % 3', -1],
  ['9223372036854775807 + 1', 'failed: integer overflow'],
  ['0u - 1u', 'failed: unsigned integer overflow'],
  ['1 / 0', 'failed: division by zero'],
  ['1 % 0', 'failed: modulus by zero'],
  ['1.0 / 0.0 > 1e308', true],
  ['1 < 1.5', true],
  ['2u > 1', true],
  ['dyn(1) == dyn(1.0)', true],
  ['dyn(1) == dyn("1")', false],
  ['self.x == 1.0', true],
  ['type(self.x) == double && type(self.n) == int', true],
  ['type(self.port) == string', true],
  ['self.port + 1 == 2', 'failed: no such overload'],
  ['self.s.size() == 6', true],
  ['size(self.s) + size(self.list) + size(self.map)', 11],
  ['self.s.charAt(5)', '😀'],
  ['self.s.indexOf("llo")', 2],
  ['self.s.substring(1, 3)', 'él'],
  ['"a,b,c".split(",")', ['a', 'b', 'c']],
  ['"a,b,c".split(",", 2)', ['a', 'b,c']],
  ['"banana".replace("an", "AN", 1)', 'bANana'],
  ['"banana".lastIndexOf("an")', 3],
  ['["x", "y"].join("-")', 'x-y'],
  ['"%s is %d, %.2f, %x, %b".format(["n", 3, 1.5, 255, 5])', 'n is 3, 1.50, ff, 101'],
  ['"%s %s".format([[1, 2], {"a": 1}])', '[1, 2] {a: 1}'],
  ['self.__namespace__ == "ns" && self.a__dash__b == "dash"', true],
  ['has(self.n) && !has(any.missing)', true],
  ['self.missing', "ERROR: <input>:1:5: undefined field 'missing'\n | self.missing\n | ....^"],
  ['any.missing', 'failed: no such key: missing'],
  ['self.list[5]', 'failed: index out of bounds: 5'],
  ['self.map["three"]', 'failed: no such key: three'],
  ['"one" in self.map && 2 in self.list', true],
  ['self.list.all(i, i > 0) && self.list.exists(i, i == 2) && self.list.exists_one(i, i == 3)', true],
  ['self.list.map(i, i * 2)', [6, 2, 4]],
  ['self.list.map(i, i > 1, i * 2)', [6, 4]],
  ['self.list.filter(i, i > 1)', [3, 2]],
  ['self.map.all(k, self.map[k] > 0)', true],
  ['self.list.all(i, v, i >= 0 && v > 0)', true],
  ['self.map.exists(k, v, k == "two" && v == 2)', true],
  ['self.list.transformList(i, v, i + v)', [3, 2, 4]],
  ['self.map.transformMap(k, v, v * 10)', { one: 10, two: 20 }],
  ['self.list.transformMapEntry(i, v, {string(v): i})', { 3: 0, 1: 1, 2: 2 }],
  ['[1, 0].exists(d, 10 / d > 5)', true],
  ['[0, 1].all(d, 10 / d > 50)', false],
  ['[0].all(d, 10 / d > 50)', 'failed: division by zero'],
  ['1 / 0 > 0 || true', true],
  ['false && 1 / 0 > 0', false],
  ['self.?s.orValue("x")', 'héllo😀'],
  ['any.?missing.?deeper.orValue("none")', 'none'],
  ['any[?"n"].hasValue() && !self.list[?9].hasValue()', true],
  ['optional.of(3).optMap(v, v + 1).value()', 4],
  ['optional.none().or(optional.of(1)).value()', 1],
  ['self.list.isSorted() || self.list.sum() == 6', true],
  ['[self.list.min(), self.list.max(), self.list.indexOf(2)]', [1, 3, 2]],
  ['self.names.distinct()', ['a', 'b']],
  ['sets.contains([1, 2, 3], [1]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])', true],
  ['self.when.getFullYear() == 2024 && self.when.getMonth() == 1 && self.when.getDayOfMonth() == 28', true],
  ['self.when.getHours("+02:00")', 14],
  ['self.when + duration("24h") == timestamp("2024-03-01T12:30:45.5Z")', true],
  ['string(self.wait)', '5400s'],
  ['self.wait > duration("89m") && self.wait.getHours() == 1', true],
  ['int("42") + int(2.9) + int(true ? 1 : 0)', 45],
  ['int("x")', "failed: type conversion error from 'string' to 'int'"],
  ['"abc".matches("^[a-c]+$")', true],
  ['"a1b22".findAll("[0-9]+")', ['1', '22']],
  ['quantity("1Gi").isGreaterThan(quantity("1G")) && quantity("500m").add(quantity("500m")).asInteger() == 1', true],
  ['isQuantity("1.5Mx")', false],
  ['ip("10.0.0.1").family() == 4 && ip("::1").isLoopback() && !isIP("10.0.0.256")', true],
  ['ip.isCanonical("2001:db8::1") && !ip.isCanonical("2001:DB8::1")', true],
  ['cidr("10.0.0.0/8").containsIP("10.1.2.3") && cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16")', true],
  ['string(cidr("10.1.2.3/16").masked())', '10.1.0.0/16'],
  ['url("https://example.com:80/a?b=1&b=2").getHost()', 'example.com:80'],
  ['url("https://example.com:80/a?b=1&b=2").getQuery()["b"]', ['1', '2']],
  ['isURL("../relative")', false],
  ['format.dns1123Label().validate("Bad").hasValue()', true],
  ['!format.named("dns1123Label").value().validate("good").hasValue()', true],
  ['semver("1.2.3").isLessThan(semver("1.10.0")) && isSemver("v1.0", true)', true],
])('%s', (source, expected) => expect(run(source)).toEqual(expected))

describe('a type that does not fit is refused in the words of cel-go', () => {
  test.each<[string, string]>([
    ['self.n + self.s', "1:8: found no matching overload for '_+_' applied to '(int, string)'"],
    ['self.n == 1.0', "1:8: found no matching overload for '_==_' applied to '(int, double)'"],
    ['nothing == 1', "1:1: undeclared reference to 'nothing' (in container '')"],
    ['self.s.shout()', "1:13: undeclared reference to 'shout' (in container '')"],
    ['self.s.startsWith(1)', "1:18: found no matching overload for 'startsWith' applied to 'string.(int)'"],
    ['self.list.all(i, i.startsWith("a"))', "found no matching overload for 'startsWith' applied to 'int.(string)'"],
    ['self.list.all(i, i + 1)', "1:20: expected type 'bool' but found 'int'"],
    [
      'self.n.all(i, true)',
      "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
    ['self.n.x', "1:7: type 'int' does not support field selection"],
    ['[1, "a"]', "expected type 'int' but found 'string'"],
    ['self.list == self.names', "found no matching overload for '_==_' applied to '(list(int), list(string))'"],
    ['self.n >', 'Syntax error'],
  ])('%s', (source, message) => expect(run(source)).toContain(message))

  test('every issue with its line', () => {
    expect(run('self.n == 1 &&\n  self.q && self.z')).toBe(
      "ERROR: <input>:2:7: undefined field 'q'\n |   self.q && self.z\n | ......^\n" +
        "ERROR: <input>:2:17: undefined field 'z'\n |   self.q && self.z\n | ................^",
    )
  })
})

test('a rule that would run for long is stopped, and no part of it may hide that', () => {
  const nested = 'self.list.all(a, self.list.all(b, self.list.all(c, a + b + c > 0)))'
  expect(run(nested, 50)).toBe('expensive: operation cancelled: actual cost limit exceeded')
  expect(run(`${nested} || true`, 50)).toBe('expensive: operation cancelled: actual cost limit exceeded')
  expect(run(nested)).toBe(true)
})

test('a pattern that makes other engines go through all possibilities costs no more than another', () => {
  expect(run(`"${'a'.repeat(2000)}!".matches("^(a+)+$")`)).toBe(false)
})

test('fields that CEL cannot write are escaped', () => {
  expect(['a', 'a-b', 'a.b/c', '__x', 'in', '1a', 'ä'].map(escapeField)).toEqual([
    'a',
    'a__dash__b',
    'a__dot__b__slash__c',
    '__underscores__x',
    '__in__',
    undefined,
    undefined,
  ])
})
