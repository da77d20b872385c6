/** Which pods of a StatefulSet go next because their template is an old one (updateStatefulSetAfterInvariantEstablished). */
import type { StatefulSet } from '../../../kube/apps.ts'
import type { Pod } from '../../../kube/core.ts'
import { firstOrdinal, ordinalOf, revisionOf } from './stateful-pod.ts'

/** A percentage is rounded down, and never less than one. */
export function maxUnavailableOf({ spec }: StatefulSet, numPlaces: number): number {
  const value = spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1
  const percent = /^(\d+)%$/.exec(String(value))?.[1]
  return Math.max(1, percent === undefined ? Number(value) || 1 : Math.floor((Number(percent) * numPlaces) / 100))
}

/** `pods`: those within the range that there are; a place without one counts as unavailable. */
export function podsToUpdate(
  set: StatefulSet,
  pods: readonly Pod[],
  numPlaces: number,
  revision: string,
  isUnavailable: (pod: Pod) => boolean,
): readonly Pod[] {
  const { type = 'RollingUpdate', rollingUpdate } = set.spec.updateStrategy ?? {}
  if (type === 'OnDelete') return []
  const isOld = (pod: Pod): boolean => revisionOf(pod) !== revision && pod.metadata.deletionTimestamp === undefined
  const firstToUpdate = firstOrdinal(set) + (rollingUpdate?.partition ?? 0)
  const old = pods
    .filter(pod => isOld(pod) && ordinalOf(pod) >= firstToUpdate)
    .sort((a, b) => ordinalOf(b) - ordinalOf(a))
  const unavailable = pods.filter(isUnavailable).length + (numPlaces - pods.length)
  const budget = Math.max(0, maxUnavailableOf(set, numPlaces) - unavailable)
  if (set.spec.podManagementPolicy !== 'Parallel') return old.slice(0, budget)
  // Those that serve nobody cost nothing; else the budget would be spent on those that do.
  return [...old.filter(isUnavailable), ...old.filter(pod => !isUnavailable(pod)).slice(0, budget)]
}
