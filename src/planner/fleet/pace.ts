/**
 * Fleets of several makes: who sets the pace. Ranks of one stage compute the same, so the slowest device under it is the pace of all of them;
 * stages on different makes may hold different numbers of layers, so that they take equally long.
 */
import { invariant } from '../../base/invariant.ts'
import type { Device, NumberFormat } from './device.ts'
import { devicesOf, type Fleet, type NodePool } from './fleet.ts'

export interface StagePace {
  /** The slowest pool that the stage has devices of. */
  readonly pool: NodePool
  /** How much longer a layer takes than on the fastest stage, at least 1: `slowness` of schedule/cut-stages.ts. */
  readonly slowness: number
}

export interface Pace {
  /** One a pipeline rank, from the first. */
  readonly stages: readonly StagePace[]
  /** All stages are as fast as each other: layers are cut evenly. */
  readonly isEven: boolean
}

export interface PaceQuestion {
  readonly ranks: number
  readonly pipeline: number
  /** Of the matrix products; bf16 unless given. */
  readonly format?: NumberFormat
}

/** In Megatron's order: a stage is a run of devices, and pools follow each other in the fleet's order. */
export function paceOf(fleet: Fleet, { ranks, pipeline, format = 'bf16' }: PaceQuestion): Pace {
  invariant(
    ranks % pipeline === 0 && ranks <= devicesOf(fleet),
    `${ranks} ranks in ${pipeline} stages on ${fleet.name}`,
  )
  const perStage = ranks / pipeline
  const slowest = Array.from({ length: pipeline }, (_, stage) =>
    poolsUnder(fleet, stage * perStage, (stage + 1) * perStage).reduce((a, b) =>
      speedOf(b.device, format) < speedOf(a.device, format) ? b : a,
    ),
  )
  const speeds = slowest.map(pool => speedOf(pool.device, format))
  const fastest = Math.max(...speeds)
  return {
    stages: slowest.map((pool, stage) => ({ pool, slowness: fastest / speeds[stage]! })),
    isEven: speeds.every(speed => speed === fastest),
  }
}

/**
 * One make as slow as the slowest of each: what a layout costs whose ranks all wait for each other, wherever they lie. A fleet of one make is
 * itself. Where nodes differ in size, nodes of the smallest size are counted, as ranks that share a node everywhere may.
 */
export function asSlowest(fleet: Fleet, format: NumberFormat = 'bf16'): Fleet {
  const { pools } = fleet
  if (pools.length === 1) return fleet
  const least = (of: (pool: NodePool) => number): number => Math.min(...pools.map(of))
  const slowest = pools.reduce((a, b) => (speedOf(b.device, format) < speedOf(a.device, format) ? b : a))
  const devicesPerNode = least(pool => pool.devicesPerNode)
  const nodes = pools.reduce((sum, pool) => sum + Math.floor((pool.nodes * pool.devicesPerNode) / devicesPerNode), 0)
  const price = meanPrice(pools)
  const { pricePerDeviceHour: _, ...rest } = slowest
  const pool: NodePool = {
    ...rest,
    device: {
      ...slowest.device,
      memoryBytes: least(each => each.device.memoryBytes),
      memoryBytesPerSecond: least(each => each.device.memoryBytesPerSecond),
    },
    nodes,
    devicesPerNode,
    domainDevices: least(each => each.domainDevices),
    scaleUpBytesPerSecond: least(each => each.scaleUpBytesPerSecond),
    nicBytesPerSecond: least(each => each.nicBytesPerSecond),
    railAligned: pools.every(each => each.railAligned),
    ...(price === undefined ? {} : { pricePerDeviceHour: price }),
    failuresPerDeviceHour: mean(pools, each => each.failuresPerDeviceHour),
  }
  return { ...fleet, pools: [pool] }
}

/** Undefined when the price of any is. */
const meanPrice = (pools: readonly NodePool[]): number | undefined =>
  pools.every(pool => pool.pricePerDeviceHour !== undefined) ? mean(pools, pool => pool.pricePerDeviceHour!) : undefined

function mean(pools: readonly NodePool[], of: (pool: NodePool) => number): number {
  const devices = (pool: NodePool): number => pool.nodes * pool.devicesPerNode
  const all = pools.reduce((sum, pool) => sum + devices(pool), 0)
  return pools.reduce((sum, pool) => sum + of(pool) * devices(pool), 0) / all
}

/** What a device multiplies in when it lacks the format: the next wider one. V100 runs bf16 models in fp16. */
const NEXT_WIDER: Readonly<Partial<Record<NumberFormat, NumberFormat>>> = {
  nvfp4: 'mxfp8',
  mxfp8: 'fp8',
  fp8: 'bf16',
  bf16: 'fp16',
  fp16: 'fp32',
}

/** Peak operations a second; 0 where the device knows no format that is wide enough. */
export function speedOf({ peakFlops }: Device, format: NumberFormat): number {
  for (let each: NumberFormat | undefined = format; each; each = NEXT_WIDER[each]) {
    const peak = peakFlops[each]
    if (peak !== undefined) return peak
  }
  return 0
}

/** The fleet's pools that devices `from` to before `to` belong to. */
export function poolsUnder({ pools }: Fleet, from: number, to: number): readonly NodePool[] {
  let start = 0
  return pools.filter(pool => {
    const end = start + pool.nodes * pool.devicesPerNode
    const isUnder = start < to && end > from
    start = end
    return isUnder
  })
}
