/**
 * Bytes a logit from the head's product to its gradient, which for a large vocabulary is the peak of the step. Kept until the head's
 * backward; at the worst moment; and what the allocator has split off for good by then.
 */
import type { Precision } from '../../training/layout.ts'
import type { Software } from '../software.ts'
import { usesEngine } from './kernels.ts'

export interface LossBytes {
  readonly kept: number
  /** At the worst moment, `kept` included. */
  readonly peak: number
  /** Reserved beyond `peak`: blocks that were too small to be used again. */
  readonly stranded: number
}

/** Recipes take Transformer Engine's fused loss since the middle of 2025. */
const ENGINE_LOSS = 2025.4

/** The DeepSpeed of large models was Megatron's until the trainers of Hugging Face and PyTorch took it over. */
const isMegatronDeepSpeed = ({ family, year }: Software): boolean => family === 'deepspeed' && year < 2023

/** torchtitan compiles the loss as well since the first months of 2025. */
const LOSS_COMPILED = 2025.25

export function lossBytesOf(software: Software, { base }: Precision, isVocabularyCut: boolean): LossBytes {
  const element = base === 'fp32' ? 4 : 2
  if (usesEngine(software) || isMegatronDeepSpeed(software))
    // In Transformer Engine's loss the gradient takes the logits' place. In Megatron's own, fused or not, a copy in fp32 becomes the softmax
    // and then the gradient.
    return software.features.fusedCrossEntropy && software.year >= ENGINE_LOSS
      ? { kept: element, peak: element, stranded: 0 }
      : { kept: 4, peak: 4 + element, stranded: element }
  if (software.features.fusedCrossEntropy) return { kept: element, peak: 2 * element, stranded: 0 }
  // The compiled loss keeps the logits and writes their gradient; since 2026 in place of a copy.
  if (software.features.compile && software.year >= LOSS_COMPILED)
    return { kept: element, peak: software.year >= 2026 ? 2 * element : 3 * element, stranded: 0 }
  // PyTorch's own: log-softmax in fp32, the gradients of the likelihood and of the log-softmax; the logits' block and its copy's strand.
  // Over a cut vocabulary it is written out in operators, with an exponential and a product more.
  return isVocabularyCut ? { kept: 4, peak: 20, stranded: 2 } : { kept: 4, peak: 12, stranded: 2 }
}
