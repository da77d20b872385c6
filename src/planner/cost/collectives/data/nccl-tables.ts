/**
 * Constants of NCCL's tuning model as facts of its interface (NVIDIA/nccl 5067397c, src/graph/tuning.cc, BSD-3-Clause): microseconds and
 * GB/s. Rows in the order LL, LL128, Simple.
 */
import type { Generation } from '../../../fleet/device.ts'
import type { Algorithm } from '../collective.ts'

type ByProtocol = readonly [number, number, number]

export const BASE_LATENCY: Readonly<Partial<Record<Algorithm, ByProtocol>>> = {
  Tree: [6.8, 14, 8.4],
  Ring: [6.6, 14, 8.4],
  PAT: [8, 8, 8],
}

/** Of a hop over NVLink, PCIe and the network. */
export const HOP_LATENCY: Readonly<Record<'nvlink' | 'pci' | 'net', Readonly<Partial<Record<Algorithm, ByProtocol>>>>> =
  {
    nvlink: {
      Tree: [0.6, 1.25, 4],
      Ring: [0.6, 1.9, 3.4],
      CollNet: [0, 0, 3.7],
      NVLS: [0, 0, 25],
      NVLSTree: [0, 0, 25],
      PAT: [0, 0, 4],
    },
    pci: { Tree: [1, 1.9, 4], Ring: [1, 2.5, 5.7], CollNet: [0, 0, 3.7], PAT: [0, 0, 4] },
    net: {
      Tree: [5, 8.5, 14],
      Ring: [2.7, 4, 14],
      CollNet: [0, 0, 31],
      NVLS: [0, 0, 18],
      NVLSTree: [0, 0, 20.9],
      PAT: [0, 0, 14],
    },
  }

/** One node, two, four and more. */
type ByNodes = readonly [number, number, number]

export type TunedGeneration = Extract<Generation, 'volta' | 'ampere' | 'hopper' | 'blackwell'>

/** Most that LL moves: in one node by the device, between nodes by the host's processor. */
export const LL_MAX: Readonly<Record<TunedGeneration, ByNodes>> = {
  volta: [39, 39, 20.4],
  ampere: [87.7, 22.5, 19],
  hopper: [141, 45, 35],
  blackwell: [282, 90, 70],
}
export const LL_MAX_BETWEEN_NODES: Readonly<Record<'intel' | 'amd', ByNodes>> = {
  intel: LL_MAX.volta,
  amd: LL_MAX.ampere,
}

/** Most that a channel moves. */
export const RING_LL128_CHANNEL: Readonly<Record<TunedGeneration, number>> = {
  volta: 20,
  ampere: 20,
  hopper: 36.7,
  blackwell: 40,
}
export const TREE_LL128_CHANNEL: Readonly<Record<TunedGeneration, ByNodes>> = {
  volta: [20, 20, 20],
  ampere: [20, 20, 20],
  hopper: [36.7, 36.7, 29],
  blackwell: [55.6, 31.67, 20],
}
export const TREE_CHANNEL: Readonly<Record<TunedGeneration, ByNodes>> = {
  volta: [26.5, 18.5, 10],
  ampere: [24, 23.6, 17.8],
  hopper: [38.7, 41.4, 36],
  blackwell: [70, 42.8, 24],
}
export const NVLS_TREE_CHANNEL: Readonly<Record<TunedGeneration, ByNodes>> = {
  volta: [0, 0, 0],
  ampere: [0, 0, 0],
  hopper: [0, 57.7, 45.5],
  blackwell: [0, 96, 80],
}

/** Share of the links' speed that reductions in the NVLink switch reach; 0: the generation has none. */
export const NVLS_EFFICIENCY: Readonly<Record<TunedGeneration, number>> = {
  volta: 0,
  ampere: 0,
  hopper: 0.85,
  blackwell: 0.74,
}

/** Software cost of a hop between nodes, three times as much with Simple. */
export const NET_OVERHEAD: Readonly<Record<'intel' | 'amd', number>> = { intel: 1, amd: 2 }

/** What trees reach of their bandwidth, by log2(bytes / 64): from 64 B to 256 MB. */
export const TREE_CORRECTION: readonly (readonly number[])[] = [
  [1, 1, 1, 1, 0.9, 0.8, 0.7, 0.7, 0.7, 0.7, 0.6, 0.5, 0.4, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1, 1, 1, 1],
  [1, 1, 1, 1, 1, 0.9, 0.8, 0.8, 0.8, 0.7, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.8, 0.9, 0.9, 0.9, 0.9, 1, 1, 1],
  [
    0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.7, 0.6, 0.6, 0.5, 0.5, 0.5, 0.5, 0.6, 0.7, 0.8, 0.7, 0.7, 0.8, 0.9, 0.9,
    0.9,
  ],
]
