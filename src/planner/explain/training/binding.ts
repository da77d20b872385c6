/** What stands between the plan and a faster one, in one sentence. */
import { formatBytes } from '../../../base/units.ts'
import type { PlannedLayout } from '../../search/plan-layout.ts'
import { mostNeeded } from '../../search/search.ts'
import type { Binding, TrainingAnalysis } from './analysis.ts'
import { duration, percent } from './words.ts'

const NETWORK = ['tensor', 'context', 'expert', 'data'] as const

export function bindingOf(
  planned: PlannedLayout,
  { breakdown, byAxis }: Pick<TrainingAnalysis, 'breakdown' | 'byAxis'>,
): Binding {
  const share = (axis: string): number => byAxis.find(row => row.axis === axis)?.share ?? 0
  const seconds = (axis: string): number => byAxis.find(row => row.axis === axis)?.seconds ?? 0
  const effect = (name: string) => breakdown.find(row => row.effect === name)
  const network = NETWORK.reduce((sum, axis) => sum + share(axis), 0)
  const loudest = [...NETWORK].sort((a, b) => share(b) - share(a))[0]!
  const bubble = effect('bubble')?.share ?? 0
  const waiting = Math.max(network, bubble, share('host'))
  const memory = memoryBinding(planned, effect('recompute')?.share ?? 0)
  if (memory && memory.share > waiting) return memory.binding
  if (waiting < 0.15) {
    const largest = breakdown[0]!
    return {
      kind: 'compute',
      sentence: `arithmetic: ${percent(share('compute'))} of the step is the devices' own work, ${largest.label} ${percent(largest.share)}`,
    }
  }
  if (network === waiting)
    return {
      kind: 'network',
      sentence: `the network: ${percent(network)} of the step waits for it, ${duration(seconds(loudest))} on the ${loudest} axis`,
    }
  if (bubble === waiting)
    return {
      kind: 'bubble',
      sentence: `the pipeline: ranks idle ${percent(bubble)} of the step, since micro-batches are few for so many stages`,
    }
  return { kind: 'host', sentence: `the host: kernels are started ${percent(share('host'))} of the step too late` }
}

/** Memory binds where it forces recompute, or where the device is all but full. */
function memoryBinding(
  { search, answer }: PlannedLayout,
  recompute: number,
): { binding: Binding; share: number } | undefined {
  const { prediction, layout } = answer.found
  const { capacityBytes } = search.problem.costs
  const needed = mostNeeded(prediction)
  const isForced = layout.recompute.kind !== 'none' && search.problem.fixed.recompute === undefined
  if (!isForced && needed < 0.97 * capacityBytes) return undefined
  const forced =
    isForced && recompute > 0.005 ? `; to fit, ${percent(recompute)} of the step computes activations again` : ''
  return {
    share: Math.max(recompute, needed / capacityBytes > 0.97 ? 0.02 : 0),
    binding: {
      kind: 'memory',
      sentence: `memory: ${formatBytes(needed)} of ${formatBytes(capacityBytes)} are needed${forced}`,
    },
  }
}
