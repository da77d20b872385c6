/** The constants of a fused attention kernel on one kind of device for one head size. */

export interface AttentionFit {
  /** Of the data sheet's dense bf16 peak, for many keys and many tiles. */
  readonly efficiency: number
  /** Keys at which a tile's start, its end and the masked half of its diagonal cost as much as the rest. */
  readonly shortKeys: number
  readonly shortPower: number
  /** How much of a wave of query tiles is lost when they do not fill the device. */
  readonly waveShare: number
  /** Of a tile of queries: keys at the edges of a sliding window that are loaded and masked. */
  readonly windowEdge: number
  readonly launchMicroseconds: number
  /** Bandwidth, of the memory's, of the key-value cache that the benchmarked engine writes beside; training writes none. */
  readonly cacheEfficiency: number
}

export type HeadSize = '64' | '128' | '256'
/** `latent`: keys of 192, values of 128. */
export type HeadClass = HeadSize | 'latent'

/** `vendor`: cuDNN on Hopper and Blackwell, FlashAttention-2 before; `unfused` materialises the scores. */
export type AttentionKernel = 'vendor' | 'flash2' | 'flash3' | 'unfused'
