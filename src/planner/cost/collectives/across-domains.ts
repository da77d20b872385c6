/**
 * Collectives of a group that lies in several scale-up domains. Rings and trees enter and leave each domain through as many NICs as it has
 * members, so the network's part is the domain's NICs together, and the links inside run at the same time; what takes longer sets the pace.
 * Which algorithm: NCCL's own model with the fleet's rates as its graph. Its latencies are the time too: with hundreds of ranks a ring's hops
 * are what published sweeps show (SimAI's table is a ring's 3.4 and 14 us a hop), and nobody takes a ring there who can take a tree.
 */
import type { Fleet, NodePool } from '../../fleet/fleet.ts'
import type { GroupSpan } from '../../fleet/span.ts'
import type { Algorithm, CollectiveOp, CollectiveTime } from './collective.ts'
import { type Communicator, type Graph, type Tuner, tunerFor } from './nccl-tuning.ts'
import { networkRate } from './network.ts'
import { rememberedPerPool } from './remembered.ts'
import { scaleUpBusRate, scaleUpSeconds } from './scale-up-curve.ts'
import { tunedGeneration } from './tuned-generation.ts'

type RingOp = Extract<CollectiveOp, 'all-reduce' | 'all-gather' | 'reduce-scatter'>

export function acrossDomains(
  op: CollectiveOp,
  bytes: number,
  span: GroupSpan,
  pool: NodePool,
  fleet: Fleet,
  algorithm?: Algorithm,
): CollectiveTime {
  if (op === 'send')
    return { seconds: sendSeconds(bytes, span, pool, fleet), algorithm: 'Pairwise', protocol: 'Simple' }
  if (op === 'all-to-all')
    return { seconds: exchangeSeconds(bytes, span, pool, fleet), algorithm: 'Pairwise', protocol: 'Simple' }
  const tuner = tunerOf(op, span, pool, fleet)
  const { tuned, time } = (algorithm && tuner.choose(bytes, algorithm)) ?? tuner.choose(bytes)
  if (fleet.inNetworkReduction && (!algorithm || algorithm === 'CollNet')) {
    const seconds = inNetworkSeconds(op, bytes, span, pool, fleet)
    if (algorithm || seconds < time * 1e-6) return { seconds, algorithm: 'CollNet', protocol: 'Simple' }
  }
  if (span.perDomain > 1 && op !== 'all-reduce' && (!algorithm || algorithm === 'Hierarchical')) {
    const seconds = hierarchicalSeconds(op, bytes, span, pool, fleet)
    if (algorithm || seconds < time * 1e-6) return { seconds, algorithm: 'Hierarchical', protocol: 'Simple' }
  }
  return { seconds: time * 1e-6, algorithm: tuned.algorithm, protocol: tuned.protocol }
}

/**
 * A ring over a thousand ranks and more visits each of them. Frameworks then gather in two groups (as HSDP's mesh has them): ranks of equal place
 * between domains, by NCCL's PAT for one rank a node, and all of it once more inside.
 */
function hierarchicalSeconds(op: RingOp, bytes: number, span: GroupSpan, pool: NodePool, fleet: Fleet): number {
  const between = tunerOf(op, railOf(span), pool, fleet).choose(bytes / span.perDomain)
  return between.time * 1e-6 + scaleUpSeconds(op, bytes, span.perDomain, pool)
}

const rails = new WeakMap<GroupSpan, GroupSpan>()

function railOf(span: GroupSpan): GroupSpan {
  let rail = rails.get(span)
  if (!rail) {
    const { domains: size, perNode, concurrent } = span
    rail = { ...span, size, perDomain: 1, perNode: 1, concurrent: perNode * concurrent }
    rails.set(span, rail)
  }
  return rail
}

const tuners = rememberedPerPool<string, Tuner>()

/** By the group itself, since the search asks for the same ones again and again. */
const known = new WeakMap<GroupSpan, { pool: NodePool; fleet: Fleet; tuners: Partial<Record<RingOp, Tuner>> }>()

function tunerOf(op: RingOp, span: GroupSpan, pool: NodePool, fleet: Fleet): Tuner {
  let own = known.get(span)
  if (!own || own.pool !== pool || own.fleet !== fleet) {
    own = { pool, fleet, tuners: {} }
    known.set(span, own)
  }
  own.tuners[op] ??= madeTuner(op, span, pool, fleet)
  return own.tuners[op]
}

function madeTuner(op: RingOp, span: GroupSpan, pool: NodePool, fleet: Fleet): Tuner {
  const rate = networkRate('ring', span, pool, fleet)
  const key = `${op} ${span.size} ${span.domains} ${span.perDomain} ${rate}`
  return tuners(pool, key, () => tunerFor(op, communicatorOf(op, span, pool, rate)))
}

/** NCCL's view of the group: a "node" of its is a scale-up domain. */
function communicatorOf(op: RingOp, span: GroupSpan, pool: NodePool, rate: number): Communicator {
  const network = span.perDomain * rate
  const inside = span.perDomain > 1 ? scaleUpBusRate('all-gather', span.perDomain, pool) : Number.POSITIVE_INFINITY
  const ring = graphOf(Math.min(network, inside))
  const hasSwitch = span.perDomain > 1 && pool.domainDevices > 2
  return {
    // Other libraries are taken for NCCL on the GPU of their links' time.
    generation: tunedGeneration(pool.device) ?? 'ampere',
    nodes: span.domains,
    ranks: span.size,
    graphs: {
      Ring: ring,
      Tree: ring,
      PAT: ring,
      ...(hasSwitch && op === 'all-reduce' && { NVLSTree: nvlsGraph(network, inside) }),
    },
    cpu: 'intel',
    intraLink: pool.scaleUpBytesPerSecond > 64e9 ? 'nvlink' : 'pci',
    networkLatency: 0,
    hasLl128: pool.scaleUpBytesPerSecond > 64e9,
    hasCollNet: false,
  }
}

/** As many channels as NCCL's search finds for the rate: about 24 GB/s each (a real log: 16 for 400 GB/s). */
function graphOf(bytesPerSecond: number): Graph {
  const channels = Math.min(32, Math.max(2, Math.round(bytesPerSecond / 24e9)))
  const each = bytesPerSecond / 1e9 / channels
  return { channels, intra: each, inter: each }
}

/** Forced on 4 x 8 H200, NVLSTree moved 310 GB/s where the ring moved 364 (ml-engineering): why NCCL takes rings for the largest messages. */
const NVLS_TREE_SHARE = 0.85

function nvlsGraph(network: number, inside: number): Graph {
  const { channels, inter } = graphOf(network)
  return { channels, intra: inside / 1e9 / channels, inter: inter * NVLS_TREE_SHARE }
}

/**
 * Switches that add up (SHARP): each domain sends its sum up once and gets the result once, both at the same time, instead of twice
 * (N-1)/N; gathering and scattering save hops only. Latencies are NCCL's for NVLS with CollNet: 25 + 18 us.
 */
function inNetworkSeconds(op: RingOp, bytes: number, span: GroupSpan, pool: NodePool, fleet: Fleet): number {
  const rate = span.perDomain * networkRate('ring', span, pool, fleet)
  const inside = scaleUpSeconds(op, bytes, span.perDomain, pool)
  const sent = op === 'all-reduce' ? bytes : (bytes * (span.domains - 1)) / span.domains
  return 43e-6 + Math.max(inside, sent / rate)
}

/** One message between nodes: NCCL's start of a connection that exists, then the NIC. */
const sendSeconds = (bytes: number, span: GroupSpan, pool: NodePool, fleet: Fleet): number =>
  20e-6 + bytes / networkRate('message', span, pool, fleet)
/**
 * All-to-all by messages, each rank through its own NIC; what stays in the domain goes beside it. Fitted to SimAI's all-to-all table (4, 8 and
 * 16 nodes of 8): a start of 60 us and 1.2 us a remote peer, and flows that collide in the switches, more with more nodes (no further than 32,
 * where nothing was measured).
 */
function exchangeSeconds(bytes: number, span: GroupSpan, pool: NodePool, fleet: Fleet): number {
  const remotePeers = span.size - span.perDomain
  const collisions = 1 + 0.0045 * (Math.min(span.domains, 32) - 1)
  const remote = ((bytes * remotePeers) / span.size / networkRate('exchange', span, pool, fleet)) * collisions
  const local = scaleUpSeconds('all-to-all', (bytes * span.perDomain) / span.size, span.perDomain, pool)
  return 60e-6 + 1.2e-6 * remotePeers + Math.max(remote, local)
}
