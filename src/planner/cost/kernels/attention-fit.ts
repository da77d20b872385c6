/** Constants of fused attention kernels by device and head size, from measurements (`data/attention-fits.ts`) or the nearest relative. */
import type { Device } from '../../fleet/device.ts'
import { ATTENTION_FITS } from './data/attention-fits.ts'
import type { AttentionFit, HeadClass } from './fitted-attention.ts'

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
  // Composable-kernel attention of ROCm: about 400 of 1,307 TFLOP/s on MI300X.
  cdna2: { name: 'H100-80GB SXM', efficiency: 0.45 },
  cdna3: { name: 'H100-80GB SXM', efficiency: 0.5 },
  cdna4: { name: 'H100-80GB SXM', efficiency: 0.6 },
  tpu: { name: 'A100-80GB SXM', efficiency: 0.8 },
}

const cache = new Map<string, Map<number, AttentionFit>>()
const LATENT = -1

export function attentionFit(device: Device, headDim: number, isLatent: boolean): AttentionFit {
  let ofDevice = cache.get(device.name)
  if (!ofDevice) {
    ofDevice = new Map()
    cache.set(device.name, ofDevice)
  }
  const key = isLatent ? LATENT : headDim
  const known = ofDevice.get(key)
  if (known) return known
  const found = findFit(device, headDim, isLatent)
  ofDevice.set(key, found)
  return found
}

function findFit(device: Device, headDim: number, isLatent: boolean): AttentionFit {
  const relative = ATTENTION_FITS[device.name] ? { name: device.name, efficiency: 1 } : RELATIVES[device.generation]
  const fits = ATTENTION_FITS[relative.name]!
  const fit = isLatent ? fits.latent : betweenHeadSizes(fits, headDim)
  return { ...fit, efficiency: fit.efficiency * relative.efficiency }
}

/** Kernels exist for a few head sizes; others lie between (they are padded), smaller ones fill less of a tensor core's step. */
function betweenHeadSizes(fits: Readonly<Record<HeadClass, AttentionFit>>, headDim: number): AttentionFit {
  if (headDim <= 64) return { ...fits[64], efficiency: (fits[64].efficiency * headDim) / 64 }
  if (headDim >= 256) return fits[256]
  const [low, high, lowDim] = headDim <= 128 ? [fits[64], fits[128], 64] : [fits[128], fits[256], 128]
  const part = (headDim - lowDim) / lowDim
  const mix = (of: (fit: AttentionFit) => number) => of(low) + part * (of(high) - of(low))
  return {
    efficiency: mix(fit => fit.efficiency),
    shortKeys: mix(fit => fit.shortKeys),
    shortPower: mix(fit => fit.shortPower),
    waveShare: mix(fit => fit.waveShare),
    launchMicroseconds: mix(fit => fit.launchMicroseconds),
    cacheEfficiency: mix(fit => fit.cacheEfficiency),
  }
}
