/**
 * Layouts that none beats on time, memory, money and devices at once: the fastest within ever less memory, and the fastest on ever fewer
 * devices. Each is an exact answer of the search to its question; what another beats is left out.
 */
import { devicesOf } from '../../fleet/fleet.ts'
import type { PlannedLayout } from '../../search/plan-layout.ts'
import type { Found } from '../../search/search.ts'
import type { Candidate } from './analysis.ts'

/** Of the memory that the plan needs. */
const LESS_MEMORY = [0.85, 0.7, 0.55, 0.4, 0.25] as const
const FEWER_DEVICES = [2, 4] as const
/** A step that takes longer is on no front that anybody looks at. */
const SLOWEST = 4

export function paretoFront(
  planned: PlannedLayout,
  best: Candidate,
  candidate: (found: Found) => Candidate,
): readonly Candidate[] {
  const { search } = planned
  const found: Candidate[] = [best]
  for (const share of LESS_MEMORY) {
    const answer = search.best({
      memoryBytes: share * best.memoryBytes,
      notBelowSeconds: found.at(-1)!.stepSeconds,
      belowSeconds: SLOWEST * best.stepSeconds,
    })
    if (!answer.found) break
    found.push(candidate(answer.found))
  }
  const devices = devicesOf(planned.declared.fleet)
  for (const part of FEWER_DEVICES) {
    if (planned.declared.fixed.data !== undefined || devices < part) break
    const answer = search.best({ maxDevices: Math.floor(devices / part), notBelowSeconds: best.stepSeconds })
    if (!answer.found) break
    found.push(candidate(answer.found))
  }
  return unbeaten(found).sort((a, b) => a.stepSeconds - b.stepSeconds || a.memoryBytes - b.memoryBytes)
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
