/**
 * Layouts that none beats on time, memory, money and devices at once: the fastest within ever less memory, and the fastest on ever fewer
 * devices. Each is the search's answer among the cuts next to those of the point before; what another beats is left out.
 */
import { devicesOf } from '../../fleet/fleet.ts'
import { nearStages } from '../../search/near-values.ts'
import type { PlannedLayout } from '../../search/plan-layout.ts'
import type { Found } from '../../search/search.ts'
import type { Layout } from '../../training/layout.ts'
import type { Candidate } from './analysis.ts'

/** Of the memory that the plan needs. */
const LESS_MEMORY = [0.8, 0.6, 0.4, 0.25] as const
const FEWER_DEVICES = [2, 4] as const
/** A step that takes longer is on no front that anybody looks at. */
const SLOWEST = 4

export function paretoFront(
  planned: PlannedLayout,
  best: Candidate,
  candidate: (found: Found) => Candidate,
): readonly Candidate[] {
  const { search, answer } = planned
  const found: Candidate[] = [best]
  let last = answer.found
  for (const share of LESS_MEMORY) {
    if (!planned.declared.fixed.recompute) search.predict({ ...last.layout, recompute: { kind: 'full' } })
    const { found: next } = search.best({
      within: nearStages(search.values, last.layout),
      memoryBytes: share * best.memoryBytes,
      notBelowSeconds: last.prediction.seconds,
      belowSeconds: SLOWEST * best.stepSeconds,
    })
    if (!next) break
    found.push(candidate(next))
    last = next
  }
  const devices = devicesOf(planned.declared.fleet)
  last = answer.found
  for (const part of FEWER_DEVICES) {
    if (planned.declared.fixed.data !== undefined || devices < part) break
    const half = withHalfTheData(last.layout)
    if (half) search.predict(half)
    const { found: next } = search.best({
      within: nearStages(search.values, last.layout),
      maxDevices: Math.floor(devices / part),
      notBelowSeconds: part * 0.9 * best.stepSeconds,
    })
    if (!next) break
    found.push(candidate(next))
    last = next
  }
  return unbeaten(found).sort((a, b) => a.stepSeconds - b.stepSeconds || a.memoryBytes - b.memoryBytes)
}

/** Something to beat at once. */
function withHalfTheData(layout: Layout): Layout | undefined {
  const data = layout.data / 2
  const ranks = data * layout.context
  if (!Number.isInteger(data) || (ranks * layout.tensor) % (layout.expert * layout.expertTensor) !== 0) return undefined
  return { ...layout, data, shardRanks: Math.min(layout.shardRanks, ranks) }
}

export function unbeaten(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((own, i) => !candidates.some((other, j) => j !== i && beats(other, own, j < i)))
}

function beats(a: Candidate, b: Candidate, isEarlier: boolean): boolean {
  const axes = (c: Candidate): readonly number[] => [
    c.stepSeconds,
    c.memoryBytes,
    c.devices,
    c.dollarsPerMillionTokens ?? 0,
  ]
  const [x, y] = [axes(a), axes(b)]
  if (x.some((value, i) => value > y[i]!)) return false
  return isEarlier || x.some((value, i) => value < y[i]!)
}
