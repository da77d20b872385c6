/**
 * NCCL's own model of its algorithms, by which it chooses one for every message: time = latency + bytes / bandwidth, least of all algorithms
 * and protocols (NVIDIA/nccl 5067397c, src/graph/tuning.cc; constants in data/nccl-tables.ts). Good for the choice; for the time inside a
 * scale-up domain the measured curves are better (scale-up-curve.ts).
 */
import type { Algorithm, CollectiveOp, Protocol } from './collective.ts'
import {
  BASE_LATENCY,
  HOP_LATENCY,
  LL_MAX,
  LL_MAX_BETWEEN_NODES,
  NET_OVERHEAD,
  NVLS_EFFICIENCY,
  NVLS_TREE_CHANNEL,
  RING_LL128_CHANNEL,
  TREE_CHANNEL,
  TREE_CORRECTION,
  TREE_LL128_CHANNEL,
  type TunedGeneration,
} from './data/nccl-tables.ts'

export type TunedOp = Extract<CollectiveOp, 'all-reduce' | 'all-gather' | 'reduce-scatter'> | 'broadcast'
export type TunedAlgorithm = Exclude<Algorithm, 'Pairwise' | 'None' | 'CollNet' | 'Hierarchical'>

/** What NCCL's search of the topology found for an algorithm: channels, and what each moves in a node and between nodes (GB/s). */
export interface Graph {
  readonly channels: number
  readonly intra: number
  readonly inter: number
}

export interface Communicator {
  readonly generation: TunedGeneration
  readonly nodes: number
  readonly ranks: number
  readonly graphs: Readonly<Partial<Record<TunedAlgorithm, Graph>>>
  readonly cpu: 'intel' | 'amd'
  readonly intraLink: 'nvlink' | 'pci'
  /** Of the network, on top of NCCL's constants, microseconds. */
  readonly networkLatency: number
  /** Needs NVLink in the node and a NIC near the GPU. */
  readonly hasLl128: boolean
  /** NVLS across nodes needs switches that add up. */
  readonly hasCollNet: boolean
}

export interface Tuned {
  readonly algorithm: TunedAlgorithm
  readonly protocol: Protocol
  /** Microseconds, and GB/s of the buffer. */
  readonly latency: number
  readonly bandwidth: number
}

const PROTOCOLS: readonly Protocol[] = ['LL', 'LL128', 'Simple']
const ALGORITHMS: readonly TunedAlgorithm[] = ['Tree', 'Ring', 'NVLS', 'NVLSTree', 'PAT']

/** All that NCCL could do, in its order. */
export function tunedChoices(op: TunedOp, comm: Communicator): readonly Tuned[] {
  return ALGORITHMS.flatMap(algorithm => {
    const graph = comm.graphs[algorithm]
    if (!graph || !isPossible(op, algorithm, comm)) return []
    return PROTOCOLS.flatMap((protocol, p) => {
      if (!isSpoken(algorithm, protocol, comm)) return []
      const bandwidth = bandwidthOf(op, algorithm, p, graph, comm)
      return bandwidth > 0 ? [{ algorithm, protocol, latency: latencyOf(op, algorithm, p, comm), bandwidth }] : []
    })
  })
}

/** Microseconds by NCCL's count. */
function tunedTime(op: TunedOp, bytes: number, tuned: Tuned, comm: Communicator): number {
  let { latency, bandwidth } = tuned
  const step = Math.floor(Math.log2(bytes / 64))
  if (tuned.algorithm === 'Tree' && op === 'all-reduce' && step >= 0 && step < 24)
    bandwidth *= TREE_CORRECTION[PROTOCOLS.indexOf(tuned.protocol)]![step]!
  const { channels } = comm.graphs[tuned.algorithm]!
  const isPlainRing = tuned.algorithm === 'Ring' && tuned.protocol === 'Simple' && op === 'all-reduce'
  if (isPlainRing && comm.nodes > 1 && bytes / (channels * comm.ranks) >= 64) latency *= 1.4
  return latency + bytes / (1000 * bandwidth)
}

/** The one that NCCL takes, and how long it thinks that takes (microseconds). */
export interface Choice {
  readonly tuned: Tuned
  readonly time: number
}

export interface Tuner {
  /** `algorithm`: the fastest of its protocols; undefined when it cannot be had. */
  choose(bytes: number): Choice
  choose(bytes: number, algorithm: Algorithm | undefined): Choice | undefined
}

/** NCCL chooses once a communicator what could be done, and by the message which of it. */
export function tunerFor(op: TunedOp, comm: Communicator): Tuner {
  const choices = tunedChoices(op, comm)
  function choose(bytes: number): Choice
  function choose(bytes: number, algorithm: Algorithm | undefined): Choice | undefined
  function choose(bytes: number, algorithm?: Algorithm): Choice | undefined {
    let best: Tuned | undefined
    let least = Number.POSITIVE_INFINITY
    for (const tuned of choices) {
      if (algorithm && tuned.algorithm !== algorithm) continue
      const time = tunedTime(op, bytes, tuned, comm)
      if (time >= least) continue
      best = tuned
      least = time
    }
    return best && { tuned: best, time: least }
  }
  return { choose }
}

function isPossible(op: TunedOp, algorithm: TunedAlgorithm, comm: Communicator): boolean {
  const isReduction = op === 'all-reduce'
  switch (algorithm) {
    case 'Ring':
      return true
    case 'Tree':
      return isReduction
    case 'NVLS':
      return op !== 'broadcast' && (comm.nodes === 1 || comm.hasCollNet) && NVLS_EFFICIENCY[comm.generation] > 0
    case 'NVLSTree':
      return isReduction && comm.nodes > 1 && NVLS_EFFICIENCY[comm.generation] > 0
    case 'PAT':
      return (op === 'all-gather' || op === 'reduce-scatter') && comm.nodes > 1 && comm.ranks === comm.nodes
  }
}

const isSpoken = (algorithm: TunedAlgorithm, protocol: Protocol, comm: Communicator): boolean =>
  protocol === 'Simple' || ((algorithm === 'Ring' || algorithm === 'Tree') && (protocol === 'LL' || comm.hasLl128))

/** Hops of a ring: everybody's part comes round once, and twice when it is added up first. */
const ringSteps = (op: TunedOp, ranks: number): number =>
  op === 'all-reduce' ? 2 * (ranks - 1) : op === 'broadcast' ? ranks : ranks - 1

function bandwidthOf(op: TunedOp, algorithm: TunedAlgorithm, p: number, graph: Graph, comm: Communicator): number {
  const bus = busOf(op, algorithm, p, graph, comm)
  if (algorithm === 'Tree') return bus / 2
  // NCCL leaves the bandwidth of gathering and scattering by anything but rings as it is.
  const isConverted = algorithm === 'Ring' || op === 'all-reduce'
  return isConverted ? (bus * comm.ranks) / ringSteps(op, comm.ranks) : bus
}

/** What the channels of an algorithm move together. */
function busOf(op: TunedOp, algorithm: TunedAlgorithm, p: number, graph: Graph, comm: Communicator): number {
  const { nodes, generation } = comm
  const byNodes = nodes <= 1 ? 0 : nodes === 2 ? 1 : 2
  const bus = graph.channels * (nodes <= 2 ? graph.intra : graph.inter)
  const llMax = (nodes <= 1 ? LL_MAX[generation] : LL_MAX_BETWEEN_NODES[comm.cpu])[byNodes]!
  switch (algorithm) {
    case 'Ring':
      if (p === 0) return Math.min(llMax, bus / 2)
      return p === 1 ? Math.min(0.92 * bus, graph.channels * RING_LL128_CHANNEL[generation]) : bus
    case 'Tree': {
      const tree = Math.min(0.92 * bus, graph.channels * TREE_CHANNEL[generation][byNodes]!)
      if (p === 0) return Math.min(tree / 3.8, llMax)
      const ll128 = tree * (nodes === 1 ? 7 / 9 : 120 / 128)
      return p === 1 ? Math.min(ll128, graph.channels * TREE_LL128_CHANNEL[generation][byNodes]!) : tree
    }
    case 'PAT':
      return 0.75 * bus
    case 'NVLS':
    case 'NVLSTree':
      return graph.channels * nvlsChannel(op, algorithm, graph, comm, byNodes)
  }
}

/** One channel is kept for others, hence (channels - 1) / channels. */
function nvlsChannel(
  op: TunedOp,
  algorithm: 'NVLS' | 'NVLSTree',
  graph: Graph,
  comm: Communicator,
  byNodes: number,
): number {
  const perNode = comm.ranks / comm.nodes
  const share = op === 'all-reduce' ? 2 : (perNode - 1) / perNode
  const intra = ((graph.intra * NVLS_EFFICIENCY[comm.generation] * (graph.channels - 1)) / graph.channels) * share
  if (algorithm === 'NVLS') return Math.min(intra, graph.inter)
  const inter = graph.inter * (comm.nodes <= 2 ? 2 : 1)
  return Math.min(intra, inter, NVLS_TREE_CHANNEL[comm.generation][byNodes]!)
}

function latencyOf(op: TunedOp, algorithm: TunedAlgorithm, p: number, comm: Communicator): number {
  const { nodes, ranks } = comm
  const base = BASE_LATENCY[algorithm]?.[p] ?? 0
  const intra = HOP_LATENCY[comm.intraLink][algorithm]?.[p] ?? HOP_LATENCY.nvlink[algorithm]![p]!
  const inter = HOP_LATENCY.net[algorithm]![p]! + comm.networkLatency * (p === 2 ? 2 : 1)
  switch (algorithm) {
    case 'Ring': {
      if (op === 'broadcast') return base + (nodes > 1 ? inter : intra)
      const across = nodes === 1 ? 0 : (op === 'all-reduce' ? 2 : 1) * (nodes - 1)
      const overhead = nodes === 1 ? 0 : NET_OVERHEAD[comm.cpu] * (p === 2 ? 3 : 1)
      return base + (ringSteps(op, ranks) - across) * Math.max(intra, overhead) + across * inter
    }
    case 'Tree':
      return base + 2 * ((ranks / nodes - 1) * intra + Math.log2(nodes) * inter)
    case 'NVLS':
      return base + intra + (nodes > 1 ? inter : 0)
    case 'NVLSTree':
      return base + intra + 2 * Math.log2(nodes) * inter
    case 'PAT':
      return base + (Math.log2(nodes) * inter) / 3.5 + 2.8 * ranks
  }
}
