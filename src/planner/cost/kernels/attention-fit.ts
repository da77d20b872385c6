/**
 * Constants of fused attention kernels by device, kernel and head size: Hopper's from the figures of the kernels that training uses, the others'
 * from measured inference kernels of the same family (`data/attention-fits.ts`), or from the nearest relative.
 */
import type { Device } from '../../fleet/device.ts'
import type { Direction } from './attention-shape.ts'
import { ATTENTION_FITS } from './data/attention-fits.ts'
import { HOPPER_ATTENTION, HOPPER_PEAK_TERAFLOPS } from './data/hopper-attention.ts'
import type { AttentionFit, AttentionKernel, HeadClass, HeadSize } from './fitted-attention.ts'

interface Relative {
  readonly name: string
  readonly efficiency: number
}

const RELATIVES: Readonly<Record<Device['generation'], Relative>> = {
  // No FlashAttention on Volta: xformers' kernel reaches half of what the A100's does.
  volta: { name: 'A100-80GB SXM', efficiency: 0.5 },
  ampere: { name: 'A100-80GB SXM', efficiency: 1 },
  hopper: { name: 'H100-80GB SXM', efficiency: 1 },
  blackwell: { name: 'B200 SXM', efficiency: 1 },
  // ROCm's own kernels (AITER, Composable Kernel): about 470 of 1,307 TFLOP/s on MI300X.
  cdna2: { name: 'H100-80GB SXM', efficiency: 0.45 },
  cdna3: { name: 'H100-80GB SXM', efficiency: 0.55 },
  cdna4: { name: 'H100-80GB SXM', efficiency: 0.75 },
  tpu: { name: 'A100-80GB SXM', efficiency: 0.8 },
  cpu: { name: 'A100-80GB SXM', efficiency: 1 },
}

const cache = new Map<string, Map<string, AttentionFit>>()

/** Forward's constants; backward's only where they were published apart (`hasOwnBackward`). */
export function attentionFit(
  device: Device,
  kernel: AttentionKernel,
  direction: Direction,
  headDim: number,
  isLatent: boolean,
): AttentionFit {
  let ofDevice = cache.get(device.name)
  if (!ofDevice) {
    ofDevice = new Map()
    cache.set(device.name, ofDevice)
  }
  const key = `${kernel} ${direction} ${isLatent ? 'latent' : headDim}`
  const known = ofDevice.get(key)
  if (known) return known
  const found = findFit(device, kernel, direction, headDim, isLatent)
  ofDevice.set(key, found)
  return found
}

export const hasOwnBackward = ({ generation }: Device, isLatent: boolean): boolean =>
  generation === 'hopper' && !isLatent

function findFit(
  device: Device,
  kernel: AttentionKernel,
  direction: Direction,
  headDim: number,
  isLatent: boolean,
): AttentionFit {
  if (hasOwnBackward(device, isLatent) && kernel !== 'unfused')
    return betweenHeadSizes(size => publishedFit(kernel, direction, size), headDim)
  const relative = ATTENTION_FITS[device.name] ? { name: device.name, efficiency: 1 } : RELATIVES[device.generation]
  const fits: Readonly<Record<HeadClass, AttentionFit>> = ATTENTION_FITS[relative.name]!
  const fit = isLatent ? fits.latent : betweenHeadSizes(size => fits[size], headDim)
  return {
    ...fit,
    efficiency: fit.efficiency * relative.efficiency * TRAINING[device.generation] * slower(device, kernel),
  }
}

/**
 * Training's kernel over the measured inference kernel of the family: on A100 FlashAttention-2 with whole sequences is a tenth faster than over
 * pages of a cache (SimuMax's tables, forward and backward); on B200 cuDNN and the inference kernel agree.
 */
const TRAINING: Readonly<Record<Device['generation'], number>> = {
  volta: 1,
  ampere: 1.1,
  hopper: 1,
  blackwell: 1,
  cdna2: 1,
  cdna3: 1,
  cdna4: 1,
  tpu: 1,
  cpu: 1,
}

/** The papers' batches fill the device; waves are lost as measured on the H100. */
function publishedFit(kernel: Exclude<AttentionKernel, 'unfused'>, direction: Direction, size: HeadSize): AttentionFit {
  const { limit, shortKeys, shortPower } = HOPPER_ATTENTION[kernel][size][direction]
  const measured = ATTENTION_FITS['H100-80GB SXM']![size]
  return { ...measured, efficiency: limit / HOPPER_PEAK_TERAFLOPS, shortKeys, shortPower }
}

/**
 * FlashAttention-2 does not use Blackwell's matrix instructions: 355 TFLOP/s alone (tritonbench #171), about 430 by what torchtitan gained when it
 * went to cuDNN (#1196). On ROCm it stands for PyTorch's Triton kernels, which AITER's outrun by 18 to 62 %.
 */
function slower({ generation }: Device, kernel: AttentionKernel): number {
  if (kernel !== 'flash2') return 1
  return generation === 'blackwell' ? 0.36 : generation.startsWith('cdna') ? 0.72 : 1
}

/** Kernels exist for a few head sizes; others lie between (they are padded), smaller ones fill less of a tensor core's step. */
function betweenHeadSizes(of: (size: HeadSize) => AttentionFit, headDim: number): AttentionFit {
  if (headDim <= 64) return { ...of('64'), efficiency: (of('64').efficiency * headDim) / 64 }
  if (headDim >= 256) return of('256')
  const [low, high, lowDim] = headDim <= 128 ? [of('64'), of('128'), 64] : [of('128'), of('256'), 128]
  const part = (headDim - lowDim) / lowDim
  const mix = (value: (fit: AttentionFit) => number) => value(low) + part * (value(high) - value(low))
  return {
    efficiency: mix(fit => fit.efficiency),
    shortKeys: mix(fit => fit.shortKeys),
    shortPower: mix(fit => fit.shortPower),
    waveShare: mix(fit => fit.waveShare),
    windowEdge: mix(fit => fit.windowEdge),
    launchMicroseconds: mix(fit => fit.launchMicroseconds),
    cacheEfficiency: mix(fit => fit.cacheEfficiency),
  }
}
