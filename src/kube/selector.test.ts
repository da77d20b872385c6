/** Selectors as kubectl writes them and as objects carry them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  formatFieldSelector,
  formatLabelSelector,
  type LabelRequirement,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  requirementsOfMap,
  selects,
} from './selector.ts'

const parsed = (text: string): readonly LabelRequirement[] => {
  const result = parseLabelSelector(text)
  if (!result.ok) throw new Error(result.problems[0]?.why)
  return result.value
}

const web = { app: 'web', tier: 'front', 'example.com/size': '3' }

test.each([
  ['', true],
  ['  ', true],
  ['app=web', true],
  ['app==web', true],
  ['app = web', true],
  ['app=', false],
  ['missing=', false],
  ['app!=web', false],
  ['app!=db', true],
  ['missing!=x', true],
  ['app in (web, db)', true],
  ['app in (db)', false],
  ['app notin (db,cache)', true],
  ['missing notin (x)', true],
  ['app', true],
  ['!app', false],
  ['!missing', true],
  ['app,tier', true],
  ['app=web,tier!=front', false],
  ['example.com/size>2', true],
  ['example.com/size<3', false],
  ['app>2', false],
  ['in in (in),app', false],
])('%j picks the web pod: %s', (text, expected) => expect(matchesLabels(parsed(text), web)).toBe(expected))

const NOT_UNDERSTOOD = 'unable to parse requirement:'

test.each([
  ['app=web,', "found '', expected: identifier after ','"],
  [',app', "found ',', expected: !, identifier, or 'end of string'"],
  ['app web', `${NOT_UNDERSTOOD} found 'web', expected: in, notin, =, ==, !=, gt, lt`],
  ['app in web', `${NOT_UNDERSTOOD} found 'web' expected: '('`],
  ['app in (web', `${NOT_UNDERSTOOD} found '', expected: ',' or ')'`],
  ['app=a=b', "found '=', expected: ',' or 'end of string'"],
  [
    'size>big',
    `${NOT_UNDERSTOOD} values[0]: Invalid value: "big": for 'Gt', 'Lt' operators, the value must be an integer`,
  ],
])('%s is refused: %s', (text, why) => {
  expect(parseLabelSelector(text)).toEqual({
    ok: false,
    problems: [{ field: 'labelSelector', what: `is "${text}"`, why }],
  })
})

test('an absent LabelSelector picks nothing, an empty one everything; an empty map of a Service nothing', () => {
  expect([selects(undefined, web), selects({}, web), requirementsOfMap({})]).toEqual([false, true, undefined])
  expect(selects({ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, web)).toBe(
    true,
  )
  expect(selects({ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['front'] }] }, web)).toBe(false)
  expect(matchesLabels(parsed('constructor'), {})).toBe(false)
})

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/)
const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record({
    key: word,
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }).map(values => values.sort()),
  }),
  fc.record({
    key: word,
    operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
    values: fc.constant([]),
  }),
)

test('what is printed is read back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(requirement, { selector: each => each.key, maxLength: 4 }), requirements => {
      const inOrder = [...requirements].sort((a, b) => (a.key < b.key ? -1 : 1))
      expect(parsed(formatLabelSelector(requirements))).toEqual(inOrder)
    }),
  )
})

const pod = { 'metadata.name': 'a', 'spec.nodeName': 'node-0', 'status.phase': 'Running' }

test.each([
  ['', true],
  ['metadata.name=a', true],
  ['metadata.name==a,spec.nodeName=node-0', true],
  ['status.phase!=Running', false],
  ['spec.nodeName=', false],
  ['spec.host=', true],
])('field selector %j picks the pod: %s', (text, expected) => {
  const result = parseFieldSelector(text)
  expect(result.ok && matchesFields(result.value, pod)).toBe(expected)
})

test('field values may hold commas, equal signs and backslashes', () => {
  fc.assert(
    fc.property(fc.string(), value => {
      const requirements = [
        { field: 'reason', operator: '!=' as const, value },
        { field: 'type', operator: '=' as const, value: 'x' },
      ]
      expect(parseFieldSelector(formatFieldSelector(requirements))).toEqual({ ok: true, value: requirements })
    }),
  )
})

test.each(['metadata.name', 'a=b=c', '=x', 'a=\\x'])('field selector %s is refused', text => {
  expect(parseFieldSelector(text).ok).toBe(false)
})
