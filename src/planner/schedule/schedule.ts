/** A schedule by name: the table of its actions. Which shapes are possible is told by `shapeProblem`. */
import { invariant, unreachable } from '../../base/invariant.ts'
import type { ScheduleName } from '../training/layout.ts'
import type { Schedule, ScheduleShape } from './action.ts'
import type { Lane } from './lane.ts'
import { gpipe, interleaved, oneForwardOneBackward } from './orders/one-forward-one-backward.ts'
import { shapeProblem } from './shape.ts'
import { tabulate } from './table.ts'

export function schedule(name: ScheduleName, shape: ScheduleShape): Schedule {
  const problem = shapeProblem(name, shape)
  invariant(!problem, `${name} cannot run ${JSON.stringify(shape)}: ${problem?.why}`)
  return tabulate(name, shape, lanesOf(name, shape))
}

function lanesOf(name: ScheduleName, shape: ScheduleShape): Lane[] {
  switch (name) {
    case 'gpipe':
      return gpipe(shape)
    case '1f1b':
      return oneForwardOneBackward(shape)
    case 'interleaved':
      return interleaved(shape)
    case 'zb-h1':
    case 'zb-h2':
    case 'zbv':
    case 'dualpipe':
    case 'dualpipev':
      return oneForwardOneBackward(shape)
    default:
      return unreachable(name)
  }
}
