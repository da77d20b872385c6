/** Whether an Indexed Job has reached what its `successPolicy` asks for (KEP-3998); the first rule that is met is named. */
import type { Job } from '../../../kube/workloads.ts'
import { countIndexes, type Indexes, indexesBelow, intersectionOf, parseIndexes } from './indexes.ts'

export function successByPolicy({ spec }: Job, succeeded: Indexes): string | undefined {
  if (succeeded.length === 0) return undefined
  const met = spec.successPolicy?.rules.findIndex(rule => isMet(rule, succeeded, spec.completions ?? 0)) ?? -1
  return met < 0 ? undefined : `Matched rules at index ${met}`
}

type Rule = NonNullable<Job['spec']['successPolicy']>['rules'][number]

function isMet({ succeededIndexes, succeededCount }: Rule, succeeded: Indexes, completions: number): boolean {
  if (succeededIndexes === undefined) {
    return succeededCount !== undefined && countIndexes(succeeded) >= succeededCount
  }
  const required = indexesBelow(parseIndexes(succeededIndexes), completions)
  if (required.length === 0) return false
  const reached = countIndexes(intersectionOf(required, succeeded))
  return reached === countIndexes(required) || (succeededCount !== undefined && reached >= succeededCount)
}
