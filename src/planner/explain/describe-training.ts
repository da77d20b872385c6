/** A training plan in words: one line for status, a page for `solvent plan`. */
import { plural } from '../../base/units.ts'
import type { TrainingPlan } from '../training/plan.ts'
import { groupOf, type RankMap, ranksOf } from '../training/rank-map.ts'
import { columns } from './table.ts'

/** `8 ranks in 4 pods: data 2 x tensor 4`. */
export function summariseTrainingPlan({ degrees, ranks, pods }: TrainingPlan): string {
  const { expert, ...product } = degrees
  const factors = (['data', 'context', 'tensor', 'pipeline'] as const)
    .filter(axis => product[axis] > 1)
    .map(axis => `${axis} ${product[axis]}`)
  const experts = expert > 1 ? [`expert ${expert}`] : []
  const made = [factors.join(' x '), ...experts].filter(Boolean).join(', ')
  return `${plural(ranks, 'rank')} in ${plural(pods, 'pod')}${made === '' ? '' : `: ${made}`}`
}

export function describeTrainingPlan(plan: TrainingPlan): readonly string[] {
  const hasExperts = plan.degrees.expert > 1 || plan.degrees.expertTensor !== plan.degrees.tensor
  return [
    `TrainingJob ${plan.name}`,
    `  ${summariseTrainingPlan(plan)}`,
    '',
    'Groups of dense parameters',
    ...groupTable(plan.dense),
    ...(hasExperts ? ['', 'Groups of expert parameters', ...groupTable(plan.expert)] : []),
    '',
    'Strategy',
    ...columns(
      plan.reasons.map(({ choice, because }) => [choice, because]),
      '  ',
    ),
  ]
}

/** One line an axis, with the group of rank 0: its stride says how far apart the members are. */
function groupTable<Name extends string>(map: RankMap<Name>): readonly string[] {
  const ranks = ranksOf(map)
  return columns(
    map.map(({ name, size }) => [
      name,
      plural(ranks / size, 'group'),
      `of ${size}`,
      size === 1 ? 'each rank alone' : `such as ${shortList(groupOf(0, map, [name]))}`,
    ]),
    '  ',
  )
}

const shortList = (ranks: readonly number[]): string =>
  ranks.length <= 8 ? ranks.join(' ') : `${ranks.slice(0, 4).join(' ')} … ${ranks.at(-1)}`
