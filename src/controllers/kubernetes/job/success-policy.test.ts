/** Cases of TestMatchSuccessPolicy (pkg/controller/job/success_policy_test.go). */
import { expect, test } from 'vitest'
import type { Job } from '../../../kube/workloads.ts'
import { parseIndexes } from './indexes.ts'
import { successByPolicy } from './success-policy.ts'

type Rules = NonNullable<Job['spec']['successPolicy']>['rules']

test.each<[string, Rules | undefined, string, number | undefined]>([
  ['no policy', undefined, '0', undefined],
  ['no rules', [], '0', undefined],
  ['indexes in no form', [{ succeededIndexes: 'invalid-form' }], '0', undefined],
  ['indexes reached', [{ succeededIndexes: '0-2' }], '0-2,4-7', 0],
  ['indexes not reached', [{ succeededIndexes: '3' }], '0-2', undefined],
  ['count reached', [{ succeededCount: 2 }], '0-2', 0],
  ['count not reached', [{ succeededCount: 4 }], '0-2', undefined],
  ['one of several rules', [{ succeededIndexes: '9' }, { succeededIndexes: '4,6' }], '0-2,4-7', 1],
  ['all rules: the first is named', [{ succeededIndexes: '0,1' }, { succeededIndexes: '5' }], '0-2,4-7', 0],
  ['so many of these indexes', [{ succeededIndexes: '3-6', succeededCount: 2 }], '0-2,4-7', 0],
  ['not so many of these indexes', [{ succeededIndexes: '3-6', succeededCount: 2 }], '0-2,6-7', undefined],
  ['nothing succeeded', [{ succeededCount: 4 }], '', undefined],
  ['proper subset', [{ succeededIndexes: '2-4,6-8' }], '1-5,6-9', 0],
  ['equal', [{ succeededIndexes: '2-4,6-9' }], '2-4,6-9', 0],
  ['subset, with indexes beyond the completions', [{ succeededIndexes: '2-4,8-12' }], '2-5,7-15', 0],
  ['an empty rule', [{ succeededIndexes: '' }], '1-3', undefined],
  ['an empty rule and nothing succeeded', [{ succeededIndexes: '' }], '', undefined],
  ['all beyond', [{ succeededIndexes: '10-12,14-16' }], '1-3,5-7', undefined],
  ['overlaps at first', [{ succeededIndexes: '1-3,5-7' }], '2-4,6-8', undefined],
  ['overlaps at first, count', [{ succeededIndexes: '1-3,5-7', succeededCount: 4 }], '2-4,6-8', 0],
  ['overlaps at last', [{ succeededIndexes: '2-4,6-9' }], '1-3,5-7', undefined],
  ['overlaps at last, count', [{ succeededIndexes: '2-4,6-9', succeededCount: 4 }], '1-3,5-7', 0],
  ['overlaps wholly', [{ succeededIndexes: '0-4,6-9' }], '1-3,7-8', undefined],
  ['overlaps wholly, count', [{ succeededIndexes: '0-4,6-9', succeededCount: 5 }], '1-3,7-8', 0],
  ['overlaps several', [{ succeededIndexes: '0-6,8-9' }], '1-3,5-9', undefined],
  ['overlaps several, count', [{ succeededIndexes: '0-6,8-9', succeededCount: 7 }], '1-3,5-9', 0],
  ['overlaps at first, equal at last', [{ succeededIndexes: '0-5,7-9' }], '1-5,7-10', undefined],
  ['overlaps at first, equal at last, count', [{ succeededIndexes: '0-5,7-9', succeededCount: 8 }], '1-5,7-10', 0],
  ['one run', [{ succeededIndexes: '0-3,6-9' }], '1-10', undefined],
  ['one run, count', [{ succeededIndexes: '0-3,6-9', succeededCount: 7 }], '1-10', 0],
])('%s', (_, rules, succeeded, rule) => {
  const spec = { completions: 10, ...(rules && { successPolicy: { rules } }) }
  const expected = rule === undefined ? undefined : `Matched rules at index ${rule}`
  expect(successByPolicy({ spec } as Job, parseIndexes(succeeded))).toBe(expected)
})
