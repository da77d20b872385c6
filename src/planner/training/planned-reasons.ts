/** Why the plan is as it is, a line a choice: fixed by the user, or what it wins. */
import { formatBytes, plural } from '../../base/units.ts'
import { devicesOf } from '../fleet/fleet.ts'
import type { PlannedLayout } from '../search/plan-layout.ts'
import { mostNeeded } from '../search/search.ts'
import { AXES } from './degrees.ts'
import type { Reason } from './plan.ts'

export function plannedReasons({ declared, workload, search, answer }: PlannedLayout): readonly Reason[] {
  const { fixed, fleet } = declared
  const { layout, prediction } = answer.found
  const ranks = layout.data * layout.context * layout.tensor * layout.pipeline
  const idle = devicesOf(fleet) - ranks
  const microBatches = workload.globalBatch / (layout.data * layout.microBatch)
  const chosen = AXES.filter(axis => fixed[axis] === undefined && layout[axis] > 1)
  const { fitting, tooSlow, tooLarge } = answer.tally
  return [
    {
      choice: `ranks = ${ranks}`,
      because: `data ${layout.data} x context ${layout.context} x tensor ${layout.tensor} x pipeline ${layout.pipeline}${idle > 0 ? `; ${plural(idle, 'device')} of ${fleet.name} stay idle, since no layout with them is faster` : `, all of ${fleet.name}`}`,
    },
    ...AXES.filter(axis => fixed[axis] !== undefined).map(axis => ({
      choice: `${axis} = ${layout[axis]}`,
      because: 'as declared',
    })),
    ...(chosen.length > 0
      ? [
          {
            choice: chosen.map(axis => `${axis} = ${layout[axis]}`).join(', '),
            because: `the fastest of ${plural(fitting + tooSlow + tooLarge, 'layout')} that came near; ${tooLarge} need more memory than a device has`,
          },
        ]
      : []),
    {
      choice: `micro-batches = ${microBatches}`,
      because: `${workload.globalBatch} sequences over ${layout.data} data ranks, ${layout.microBatch} at a time`,
    },
    {
      choice: `memory = ${formatBytes(mostNeeded(prediction))}`,
      because: `of ${formatBytes(search.problem.costs.capacityBytes)} on the fullest rank`,
    },
  ]
}
