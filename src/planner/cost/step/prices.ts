/** What the price of an operator depends on beyond the operator itself: device, precision, software and the constants. */
import type { Device } from '../../fleet/device.ts'
import type { Precision } from '../../training/layout.ts'
import type { AttentionKernel } from '../kernels/attention.ts'
import type { Features } from '../software.ts'
import type { StepConstants } from './step-constants.ts'

/** The kernel that the software brings; the first FlashAttention is priced over the second. */
export type AttentionSoftware = AttentionKernel | 'flash1'

export interface Prices {
  readonly device: Device
  readonly precision: Precision
  readonly features: Features
  readonly expertImbalance: number
  readonly causal: boolean
  /** Megatron adds up gradients of weights in fp32 as it multiplies; FSDP reduces what was multiplied in 16 bits. */
  readonly weightGradient: 'wgrad' | 'plainWgrad'
  /** Megatron keeps of a gathered input this rank's tokens and gathers it again for the weight's gradient; PyTorch's own keeps it whole. */
  readonly regathers: boolean
  /** Of the software's release. */
  readonly year: number
  readonly attention: AttentionSoftware
  readonly constants: StepConstants
}

/** Bytes of what layers hand to each other and of a parameter that is gathered. */
export const elementBytesOf = ({ base }: Precision): number => (base === 'fp32' ? 4 : 2)
