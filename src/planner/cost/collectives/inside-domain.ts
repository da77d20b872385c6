/** A collective inside one scale-up domain: how long from measurements, by which algorithm from NCCL's model on the graphs of real logs. */
import type { NodePool } from '../../fleet/fleet.ts'
import type { Algorithm, CollectiveOp, CollectiveTime } from './collective.ts'
import type { TunedGeneration } from './data/nccl-tables.ts'
import { type Communicator, type Graph, type Tuned, type TunedOp, type Tuner, tunerFor } from './nccl-tuning.ts'
import { rememberedPerPool } from './remembered.ts'
import { scaleUpSeconds } from './scale-up-curve.ts'
import { tunedGeneration } from './tuned-generation.ts'

export function insideDomain(
  op: CollectiveOp,
  bytes: number,
  ranks: number,
  pool: NodePool,
  algorithm?: Algorithm,
): CollectiveTime {
  const seconds = scaleUpSeconds(op, bytes, ranks, pool)
  if (op === 'send' || op === 'all-to-all') return { seconds, algorithm: 'Pairwise', protocol: 'Simple' }
  const tuner = tunerOf(op, ranks, pool)
  if (!tuner) return { seconds, algorithm: 'Ring', protocol: 'Simple' }
  const { tuned, time } = tuner.choose(bytes)
  const asked = algorithm && tuned.algorithm !== algorithm ? tuner.choose(bytes, algorithm) : undefined
  // What was not measured, since NCCL would not take it, is slower than what was by as much as NCCL thinks.
  if (asked) return { seconds: (seconds * asked.time) / time, ...named(asked.tuned) }
  return { seconds, ...named(tuned) }
}

const named = ({ algorithm, protocol }: Tuned): Pick<Tuned, 'algorithm' | 'protocol'> => ({ algorithm, protocol })

const tuners: Readonly<Record<TunedOp, ReturnType<typeof rememberedPerPool<number, Tuner | false>>>> = {
  'all-reduce': rememberedPerPool(),
  'all-gather': rememberedPerPool(),
  'reduce-scatter': rememberedPerPool(),
  broadcast: rememberedPerPool(),
}

const tunerOf = (op: TunedOp, ranks: number, pool: NodePool): Tuner | false =>
  tuners[op](pool, ranks, () => {
    const comm = communicatorOf(ranks, pool)
    return comm ? tunerFor(op, comm) : false
  })

/** Channels and their speed: H100's from the log in NVIDIA/nccl#1197, the others' in proportion to their links. */
const GRAPHS: Readonly<
  Record<TunedGeneration, { readonly ring: Graph; readonly nvls?: Graph; readonly nvlsRanks: number }>
> = {
  volta: { ring: { channels: 12, intra: 10, inter: 10 }, nvlsRanks: Number.POSITIVE_INFINITY },
  ampere: { ring: { channels: 12, intra: 20, inter: 20 }, nvlsRanks: Number.POSITIVE_INFINITY },
  hopper: { ring: { channels: 12, intra: 30, inter: 30 }, nvls: { channels: 8, intra: 40, inter: 60 }, nvlsRanks: 5 },
  blackwell: {
    ring: { channels: 24, intra: 30, inter: 30 },
    nvls: { channels: 8, intra: 90, inter: 1000 },
    nvlsRanks: 6,
  },
}

/** Undefined: not NVIDIA's. NVLS begins at 5 ranks on H200 and at 6 on B200 (ml-engineering's sweep). */
function communicatorOf(ranks: number, pool: NodePool): Communicator | undefined {
  const generation = tunedGeneration(pool.device)
  if (!generation) return undefined
  const { ring, nvls, nvlsRanks } = GRAPHS[generation]
  return {
    generation,
    nodes: 1,
    ranks,
    graphs: { Ring: ring, Tree: ring, ...(nvls && ranks >= nvlsRanks && { NVLS: nvls }) },
    cpu: 'intel',
    intraLink: pool.scaleUpBytesPerSecond > 64e9 ? 'nvlink' : 'pci',
    networkLatency: 0,
    hasLl128: pool.scaleUpBytesPerSecond > 64e9,
    hasCollNet: false,
  }
}
