/**
 * FSDP's units: the next one's parameters arrive while this one computes, its gradients leave while the one before computes. A unit takes the
 * longer of computing and communicating; beside that, what a collective moves goes through the memory that computing needs.
 */

import type { Layout, Workload } from '../../training/layout.ts'
import { collectiveSeconds } from '../collectives/collective-seconds.ts'
import { passSeconds } from '../kernels/pass.ts'
import type { Software } from '../software.ts'
import { smoothMaximum } from './host-time.ts'
import type { PassTimes } from './layer-times.ts'
import type { Links } from './links.ts'
import { addParts, noParts, type Parts, totalOf } from './parts.ts'
import { elementBytesOf, type Prices } from './prices.ts'

/** What the exchange of states depends on. */
export interface SharedStates {
  readonly layout: Pick<Layout, 'zero' | 'pipeline' | 'offload' | 'offloadShare'>
  readonly workload: Pick<Workload, 'precision' | 'optimizer'>
  readonly software: Software
}

export interface UnitExchange {
  readonly gather: number
  readonly reduce: number
  /** What passes through this rank's memory for gathering and for reducing. */
  readonly gatherBytes: number
  readonly reduceBytes: number
  /** FSDP2 copies gathered parameters out of, and gradients into, the collective's buffer; flat ones (FSDP1, Megatron's) lie in it already. */
  readonly copyOut: number
  readonly copyIn: number
}

const NO_EXCHANGE: UnitExchange = { gather: 0, reduce: 0, gatherBytes: 0, reduceBytes: 0, copyOut: 0, copyIn: 0 }

/** Of the unit, on one rank before sharding: experts are shared by fewer ranks than the rest. */
export interface UnitElements {
  readonly dense: number
  readonly experts: number
}

export function unitExchange(
  { dense, experts }: UnitElements,
  { layout, workload, software }: SharedStates,
  links: Links,
  prices: Prices,
): UnitExchange {
  if (layout.zero < 2 || links.shard.size === 1) return NO_EXCHANGE
  const { gradientBytes, fp8Parameters } = workload.precision
  const time = (op: 'all-gather' | 'reduce-scatter', bytes: number, span: Links['shard']): number =>
    collectiveSeconds(op, bytes, span, links.pool, links.fleet).seconds
  const isFlat = software.year < 2024 || software.family === 'megatron' || software.family === 'nemo'
  const elementBytes = fp8Parameters ? 1 : elementBytesOf(workload.precision)
  const exchanged = dense + (links.expertShard.size > 1 ? experts : 0)
  return {
    gatherBytes: exchanged * elementBytes,
    reduceBytes: exchanged * gradientBytes,
    gather:
      time('all-gather', dense * elementBytes, links.shard) +
      time('all-gather', experts * elementBytes, links.expertShard),
    reduce:
      time('reduce-scatter', dense * gradientBytes, links.shard) +
      time('reduce-scatter', experts * gradientBytes, links.expertShard),
    copyOut: isFlat ? 0 : passSeconds(prices.device, 4 * exchanged, 1),
    copyIn: isFlat ? 0 : passSeconds(prices.device, (2 + gradientBytes) * exchanged, 1),
  }
}

/** A unit's passes with its exchanges; ZeRO-2 keeps the parameters from forward to backward. */
export function withExchange(times: PassTimes, exchange: UnitExchange, input: SharedStates, prices: Prices): PassTimes {
  if (exchange.gather === 0) return times
  const again = input.layout.zero === 3 ? 1 : 0
  return {
    weightSeconds: times.weightSeconds,
    forward: meet(times.forward, exchange.gather, exchange.gatherBytes, exchange.copyOut, input, prices),
    backward: meet(
      times.backward,
      exchange.reduce + again * exchange.gather,
      exchange.reduceBytes + again * exchange.gatherBytes,
      exchange.copyIn + again * exchange.copyOut,
      input,
      prices,
    ),
  }
}

function meet(
  compute: Parts,
  communication: number,
  bytes: number,
  copies: number,
  { software }: SharedStates,
  { device, constants }: Prices,
): Parts {
  const parts = addParts(noParts(), compute)
  parts.memoryBound += copies
  const own = totalOf(parts)
  if (software.features.overlapParameters) {
    const taken = (constants.contention * bytes) / device.memoryBytesPerSecond
    parts.dataComm += smoothMaximum(own + taken, communication) - own
  } else parts.dataComm += communication
  return parts
}
