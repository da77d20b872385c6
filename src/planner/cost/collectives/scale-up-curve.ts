/**
 * How long a collective takes inside one scale-up domain (NVLink, xGMI): curves fitted to measurements of 2, 4 and 8 ranks (data/scale-up.ts),
 * each three lines joined smoothly, one a protocol: small messages start fast and run slowly (LL), large ones start slowly and run at the
 * links' speed (Simple). Mean error 4 % on the 21 sizes of each curve, 6 % on sizes left out of the fit.
 */
import type { NodePool } from '../../fleet/fleet.ts'
import { busFactor } from './bus-bandwidth.ts'
import type { CollectiveOp } from './collective.ts'
import { SCALE_UP } from './data/scale-up.ts'
import { rememberedPerPool } from './remembered.ts'

/** Microseconds, GB/s of bus bandwidth, bytes. */
interface Curve {
  readonly start: number
  readonly rate: number
  readonly rise: number
  readonly knee: number
  readonly furtherRise: number
  readonly furtherKnee: number
}
type MeasuredOp = Exclude<CollectiveOp, 'send'>

/** Machines whose NCCL was measured, and the speed of one device's links into the domain there (GB/s). */
const LINKS: Readonly<Record<string, number>> = {
  A100: 300,
  H100: 450,
  H200: 450,
  B200: 900,
  B300: 900,
  GB200: 900,
  GB300: 900,
}

/** A device without measurements takes the curve of its generation at its own links' speed. */
function measuredSystem(pool: NodePool): string {
  const { name, generation } = pool.device
  const own = Object.keys(LINKS)
    .filter(system => name.startsWith(system))
    .sort((a, b) => b.length - a.length)[0]
  if (own) return own
  switch (generation) {
    case 'volta':
    case 'ampere':
      return 'A100'
    case 'blackwell':
    case 'cdna4':
      return 'B200'
    default:
      return 'H100'
  }
}

/** Seconds of `op` over `ranks` devices of one domain. */
export function scaleUpSeconds(op: CollectiveOp, bytes: number, ranks: number, pool: NodePool): number {
  if (ranks <= 1 || bytes <= 0) return 0
  // A message is an exchange of two ranks, of which each keeps half.
  if (op === 'send') return scaleUpSeconds('all-to-all', 2 * bytes, 2, pool)
  // Switches that add up are NVIDIA's; elsewhere an all-reduce is its two halves.
  if (op === 'all-reduce' && isMesh(pool))
    return scaleUpSeconds('reduce-scatter', bytes, ranks, pool) + scaleUpSeconds('all-gather', bytes, ranks, pool)
  const { start, perByte, rise, knee, furtherRise, furtherKnee } = curveOf(op, ranks, pool)
  return (
    start + bytes * perByte + rise * (1 - Math.exp(-bytes / knee)) + furtherRise * (1 - Math.exp(-bytes / furtherKnee))
  )
}

/** Bus bandwidth (bytes a second) that large messages approach. */
export const scaleUpBusRate = (op: MeasuredOp, ranks: number, pool: NodePool): number =>
  busFactor(op, Math.max(ranks, 2)) / curveOf(op, Math.max(ranks, 2), pool).perByte

/** Links join every pair of devices directly, so that a part of the domain has a part of the bandwidth (xGMI). */
const isMesh = (pool: NodePool): boolean => pool.device.generation.startsWith('cdna')

function linkSlowdown(ranks: number, pool: NodePool): number {
  const part = isMesh(pool) ? Math.min(1, (ranks - 1) / Math.max(1, pool.domainDevices - 1)) : 1
  return (LINKS[measuredSystem(pool)]! * 1e9) / (pool.scaleUpBytesPerSecond * part)
}

/** In seconds, at the speed of the pool's links. */
interface PoolCurve extends Omit<Curve, 'rate'> {
  readonly perByte: number
}

const remembered = {
  'all-reduce': rememberedPerPool<number, PoolCurve>(),
  'all-gather': rememberedPerPool<number, PoolCurve>(),
  'reduce-scatter': rememberedPerPool<number, PoolCurve>(),
  'all-to-all': rememberedPerPool<number, PoolCurve>(),
}

const curveOf = (op: MeasuredOp, ranks: number, pool: NodePool): PoolCurve =>
  remembered[op](pool, ranks, () => poolCurve(op, ranks, pool))

function poolCurve(op: MeasuredOp, ranks: number, pool: NodePool): PoolCurve {
  const { start, rate, rise, furtherRise, ...knees } = makeCurve(measuredSystem(pool), op, ranks)
  const slowdown = linkSlowdown(ranks, pool)
  return {
    start: start * 1e-6,
    perByte: (busFactor(op, ranks) * slowdown) / (rate * 1e9),
    rise: rise * slowdown * 1e-6,
    furtherRise: furtherRise * slowdown * 1e-6,
    ...knees,
  }
}

function makeCurve(system: string, op: MeasuredOp, ranks: number): Curve {
  if (ranks <= 4) return between(measured(system, op, 2), measured(system, op, 4), Math.log2(ranks) - 1)
  const [four, eight] = [measured(system, op, 4), measured(system, op, 8)]
  return ranks <= 8 ? between(four, eight, Math.log2(ranks) - 2) : beyondEight(op, four, eight, ranks)
}

/** Racks of 4-device nodes were measured up to four; eight of them run as in the box of the same device. */
const measured = (system: string, op: MeasuredOp, ranks: 2 | 4 | 8): Curve => {
  const found = SCALE_UP[`${system} ${op} ${ranks}`] ?? SCALE_UP[`${system.replace(/^G/, '')} ${op} ${ranks}`]!
  const [start, rate, rise, knee, furtherRise, furtherKnee] = found
  return { start, rate, rise, knee, furtherRise, furtherKnee }
}

function between(a: Curve, b: Curve, share: number): Curve {
  const mix = (of: (curve: Curve) => number): number => of(a) * (1 - share) + of(b) * share
  return {
    start: mix(c => c.start),
    rate: mix(c => c.rate),
    rise: mix(c => c.rise),
    knee: mix(c => c.knee),
    furtherRise: mix(c => c.furtherRise),
    furtherKnee: mix(c => c.furtherKnee),
  }
}

/**
 * Domains of more than eight devices (NVL72), unmeasured: bus bandwidth stays; a ring starts later by each rank that it visits, as from four to
 * eight; an all-reduce takes the tree or the switches, which grow by the doubling.
 */
function beyondEight(op: MeasuredOp, four: Curve, eight: Curve, ranks: number): Curve {
  const start =
    op === 'all-reduce'
      ? (eight.start - four.start) * Math.log2(ranks / 8)
      : ((eight.start - four.start) / 4) * (ranks - 8)
  return { ...eight, start: eight.start + start }
}
