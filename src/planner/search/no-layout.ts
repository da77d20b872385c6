/** Nothing can run: which rule stands in the way, and the nearest thing that would work. */
import type { Problem } from '../../base/problem.ts'
import { formatBytes, plural } from '../../base/units.ts'
import { devicesOf, type Fleet } from '../fleet/fleet.ts'
import { AXES, type Axis } from '../training/degrees.ts'
import { axisValues, headsOf, tensorProblem } from './axis-values.ts'
import { type DeclaredProblem, searchProblem } from './declared-problem.ts'
import { divisorsOf } from './divisors.ts'
import type { SearchProblem } from './problem.ts'
import { type Answer, Search } from './search.ts'

export function noLayout(declared: DeclaredProblem, problem: SearchProblem, answer: Answer): readonly Problem[] {
  const impossible = impossibleDegrees(problem)
  if (impossible.length > 0) return impossible
  if (answer.tally.nearestBytes < Number.POSITIVE_INFINITY) return [tooLarge(declared, problem, answer)]
  return [noGrid(problem)]
}

/** Degrees that the user fixed and that divide nothing. */
function impossibleDegrees(problem: SearchProblem): readonly Problem[] {
  const { fixed, model, workload } = problem
  const values = axisValues(problem)
  const searched = AXES.filter(axis => axis !== 'expertTensor')
  return searched
    .filter(axis => fixed[axis] !== undefined && values[axis].length === 0)
    .map(axis => {
      const because =
        values.rejected.find(({ example }) => example[axis] === fixed[axis])?.because ?? 'it divides nothing'
      return {
        field: `spec.parallelism.${axis}`,
        what: `is ${fixed[axis]}`,
        why: because,
        fix: `Use ${listed(possible(axis))}.`,
      }
    })

  function possible(axis: Exclude<Axis, 'expertTensor'>): readonly number[] {
    if (axis === 'tensor') return divisorsOf(headsOf(model)).filter(value => tensorProblem(model, value) === undefined)
    if (axis === 'data') return divisorsOf(workload.globalBatch)
    const { [axis]: _, ...others } = fixed
    return axisValues({ ...problem, fixed: others })[axis]
  }
}

/** `1, 2, 4 or 8`; of many the first few. */
function listed(values: readonly number[]): string {
  const few = values.slice(0, 6)
  if (few.length <= 1) return few.join('')
  return `${few.slice(0, -1).join(', ')} or ${few.at(-1)}`
}

function tooLarge(declared: DeclaredProblem, problem: SearchProblem, { tally }: Answer): Problem {
  const { fleet, costs } = problem
  const devices = devicesOf(fleet)
  const { name } = fleet.pools[0]!.device
  const enough = devicesThatFit(declared, problem)
  return {
    field: 'spec.fleet',
    what: `has ${plural(devices, 'device')}`,
    why: `${problem.model.name} needs at least ${formatBytes(tally.nearestBytes)} on a device there, and a ${name} has ${formatBytes(costs.capacityBytes)}`,
    fix:
      enough === undefined
        ? 'Use devices with more memory, a shorter sequence, or an optimizer with smaller states (adam-8bit).'
        : `It fits from ${enough} devices.`,
  }
}

/** Twice the nodes until something fits, then the fewest nodes between. */
function devicesThatFit(declared: DeclaredProblem, { workload, fleet }: SearchProblem): number | undefined {
  const fits = (nodes: number): boolean =>
    new Search(searchProblem(declared, workload, withNodes(fleet, nodes))).hasAny()
  const now = fleet.pools.reduce((sum, pool) => sum + pool.nodes, 0)
  const perNode = fleet.pools[0]!.devicesPerNode
  let enough = 2 * now
  while (!fits(enough)) {
    enough *= 2
    if (enough > 4096 * now || enough * perNode > 100_000) return undefined
  }
  let low = enough / 2 + 1
  let high = enough
  while (low < high) {
    const middle = (low + high) >> 1
    if (fits(middle)) high = middle
    else low = middle + 1
  }
  return high * perNode
}

/** The same machines, more or fewer of them; what the pools are to each other stays as near as it can. */
export function withNodes(fleet: Fleet, nodes: number): Fleet {
  const now = fleet.pools.reduce((sum, pool) => sum + pool.nodes, 0)
  if (fleet.pools.length === 1) {
    const pool = fleet.pools[0]!
    // A domain that was the whole small fleet does not grow with it, and does not stay larger than it.
    const domainDevices = Math.min(pool.domainDevices, Math.max(1, nodes) * pool.devicesPerNode)
    return { ...fleet, pools: [{ ...pool, nodes, domainDevices }] }
  }
  let left = nodes
  const pools = fleet.pools.map((pool, i) => {
    const share = i === fleet.pools.length - 1 ? left : Math.min(left, Math.round((pool.nodes * nodes) / now))
    left -= share
    return { ...pool, nodes: share }
  })
  return { ...fleet, pools: pools.filter(pool => pool.nodes > 0) }
}

/** Memory was never asked: no product of degrees meets the fleet and the batch. */
function noGrid({ fixed, fleet, workload }: SearchProblem): Problem {
  const given = AXES.filter(axis => fixed[axis] !== undefined).map(axis => `${axis} ${fixed[axis]}`)
  const devices = devicesOf(fleet)
  const product = (['data', 'context', 'tensor', 'pipeline'] as const).reduce(
    (all, axis) => all * (fixed[axis] ?? 1),
    1,
  )
  if (product > devices)
    return {
      field: 'spec.parallelism',
      what: `is ${given.join(', ')}`,
      why: `that takes ${plural(product, 'rank')} and the fleet has ${plural(devices, 'device')}`,
      fix: `Use a fleet of ${product} devices, or leave a degree to the planner.`,
    }
  const batch = workload.globalBatch
  return {
    field: given.length > 0 ? 'spec.parallelism' : 'spec.data.globalBatch',
    what: given.length > 0 ? `is ${given.join(', ')}` : `is ${batch}`,
    why: `no layout of ${plural(devices, 'device')} divides a batch of ${batch}${fixed.microBatch === undefined ? '' : ` into micro-batches of ${fixed.microBatch}`}`,
    fix:
      given.length > 0
        ? 'Leave one of the degrees to the planner.'
        : `Use a batch of ${Math.max(1, Math.ceil(batch / devices)) * devices}.`,
  }
}
