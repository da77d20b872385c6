/** The words of this folder: what ranks do together, and how NCCL does it. `bytes` always counts the whole buffer of one rank, as nccl-tests do. */

/**
 * Buffer that `bytes` counts: all-reduce its one buffer, all-gather the gathered output, reduce-scatter the input that is scattered,
 * all-to-all what one rank holds for everybody (itself too), send the message.
 */
export type CollectiveOp = 'all-reduce' | 'all-gather' | 'reduce-scatter' | 'all-to-all' | 'send'

/**
 * NCCL's algorithms, by its own names: rings and trees; PAT, a tree for gathering with one rank a node; NVLS, where the NVLink switch adds
 * up and copies; NVLSTree, NVLS in a node and trees between; CollNet, where network switches add up. Not NCCL's: `Pairwise`, all-to-all by
 * messages; `Hierarchical`, two groups one after the other, between domains and inside.
 */
export type Algorithm = 'Ring' | 'Tree' | 'PAT' | 'NVLS' | 'NVLSTree' | 'CollNet' | 'Pairwise' | 'Hierarchical' | 'None'

/**
 * How a chunk says that it has arrived: LL with a flag in every 8 bytes (fast to start, half the bandwidth), LL128 with one in every 128
 * (NVLink only), Simple with a fence (slow to start, all of the bandwidth).
 */
export type Protocol = 'LL' | 'LL128' | 'Simple'

export interface CollectiveTime {
  readonly seconds: number
  readonly algorithm: Algorithm
  readonly protocol: Protocol
}

/** What a group of one takes. */
export const NO_TIME: CollectiveTime = { seconds: 0, algorithm: 'None', protocol: 'Simple' }
