/** The same job on other machines: what would change the answer, and the plan for when nodes go or come. */

import { plural } from '../../../base/units.ts'
import type { PrecisionName } from '../../../spec/training-job.ts'
import { devicesOf, type Fleet } from '../../fleet/fleet.ts'
import { nearValues } from '../../search/near-values.ts'
import { withNodes } from '../../search/no-layout.ts'
import type { PlannedLayout } from '../../search/plan-layout.ts'
import { devicesUsed } from '../../search/problem.ts'
import { type Found, Search } from '../../search/search.ts'
import { sameCosts, stepCosts } from '../../search/step-costs.ts'
import { optimizerOf, precisionOf } from '../../training/declared-workload.ts'
import type { Layout, Workload } from '../../training/layout.ts'
import type { Candidate, Counterfactual, ReplanRow } from './analysis.ts'
import { changesInWords } from './layout-changes.ts'
import { speed } from './words.ts'

export type CandidateOn = (found: Found, workload: Workload, fleet: Fleet) => Candidate

const nodesOf = (fleet: Fleet): number => fleet.pools.reduce((sum, pool) => sum + pool.nodes, 0)

/**
 * The best among the cuts next to the plan's, and all stages and copies of them; the plan itself is what must be beaten where it is legal there.
 * Memory, batch and fewer of the same nodes change no price of a layer: what the plan's search has priced is used again.
 */
function bestOn(
  { declared, search, answer }: PlannedLayout,
  workload: Workload,
  fleet: Fleet,
  isSame: boolean,
): Found | undefined {
  const { model, software } = declared
  const given = { model, software, workload, fleet }
  const costs = isSame ? sameCosts(search.problem.costs, given) : stepCosts(given)
  const other = new Search({ ...search.problem, workload, fleet, costs })
  const { layout, prediction } = answer.found
  const batch = layout.data * layout.microBatch
  if (devicesUsed(layout) <= devicesOf(fleet) && workload.globalBatch % batch === 0) other.predict(layout)
  const share = devicesUsed(layout) / devicesOf(fleet)
  const { found } = other.best({
    within: nearValues(other.values, layout),
    ...(share > 1 ? { notBelowSeconds: 0.97 * share * prediction.seconds } : {}),
  })
  return found
}

export function counterfactuals(
  planned: PlannedLayout,
  best: Candidate,
  candidate: CandidateOn,
): readonly Counterfactual[] {
  const { declared, workload } = planned
  const { fleet } = declared
  const map = (change: (pool: Fleet['pools'][number]) => Fleet['pools'][number]): Fleet => ({
    ...fleet,
    pools: fleet.pools.map(change),
  })
  const changes: readonly (readonly [Counterfactual['kind'], string, Fleet, Workload])[] = [
    ['nodes', 'one node more', withNodes(fleet, nodesOf(fleet) + 1), workload],
    [
      'network',
      'twice the network',
      map(pool => ({ ...pool, nicBytesPerSecond: 2 * pool.nicBytesPerSecond })),
      workload,
    ],
    [
      'memory',
      'half as much memory again',
      map(pool => ({ ...pool, device: { ...pool.device, memoryBytes: 1.5 * pool.device.memoryBytes } })),
      workload,
    ],
    ['batch', 'twice the batch', fleet, { ...workload, globalBatch: 2 * workload.globalBatch }],
    ...fasterPrecision(planned).map(
      ([name, other]) => ['precision', `${name} products (the result differs)`, fleet, other] as const,
    ),
  ]
  return changes.map(([kind, change, otherFleet, otherWorkload]) => {
    const isSame = kind === 'memory' || kind === 'batch'
    const found = bestOn(planned, otherWorkload, otherFleet, isSame)
    if (!found) return { kind, change, sentence: 'nothing fits' }
    const own = candidate(found, otherWorkload, otherFleet)
    const speedup = own.tokensPerSecond / best.tokensPerSecond
    return { kind, change, candidate: own, speedup, sentence: sentence(speedup, best.layout, own.layout) }
  })
}

/** Narrower formats that the device multiplies and the declaration does not list. */
function fasterPrecision({ declared, workload }: PlannedLayout): readonly (readonly [PrecisionName, Workload])[] {
  const { peakFlops } = declared.fleet.pools[0]!.device
  const listed = declared.workloads.map(({ precision }) => precision.gemm)
  const name = (['fp8', 'mxfp8'] as const).find(each => peakFlops[precisionOf(each).gemm] !== undefined)
  if (!name || listed.some(gemm => gemm !== 'bf16')) return []
  const precision = precisionOf(name)
  return [
    [
      name,
      {
        ...workload,
        precision,
        optimizer: workload.optimizer.name === 'adam' ? optimizerOf(undefined, precision) : workload.optimizer,
      },
    ],
  ]
}

const sentence = (speedup: number, before: Layout, after: Layout): string =>
  `${speed(speedup)}${changesInWords(before, after)}`

/** Two nodes fewer to one more. The plan's own row is the plan. */
export function replanTable(
  planned: PlannedLayout,
  best: Candidate,
  candidate: CandidateOn,
  withOneMore: Candidate | undefined,
): readonly ReplanRow[] {
  const { declared, workload } = planned
  const nodes = nodesOf(declared.fleet)
  const fewer = (fleet: Fleet): Candidate | undefined => {
    const found = bestOn(planned, workload, fleet, true)
    return found && candidate(found, workload, fleet)
  }
  return [nodes - 2, nodes - 1, nodes, nodes + 1]
    .filter(count => count > 0)
    .map(count => {
      const fleet = withNodes(declared.fleet, count)
      const devices = fleet.pools.reduce((sum, pool) => sum + pool.nodes * pool.devicesPerNode, 0)
      const own = count === nodes ? best : count > nodes ? withOneMore : fewer(fleet)
      if (!own) return { nodes: count, devices, idleDevices: devices, sentence: 'nothing fits' }
      const speedup = own.tokensPerSecond / best.tokensPerSecond
      const idleDevices = devices - devicesUsed(own.layout)
      const idle = idleDevices > 0 ? `, ${plural(idleDevices, 'device')} idle` : ''
      const words = count === nodes ? 'the plan' : sentence(speedup, best.layout, own.layout)
      return { nodes: count, devices, candidate: own, idleDevices, speedup, sentence: `${words}${idle}` }
    })
}
