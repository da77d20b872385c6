/** What a declaration says of the step itself: one workload for each precision that may be chosen from. */
import type { PrecisionName, TrainingData, TrainingJobSpec } from '../../spec/training-job.ts'
import type { Optimizer, Precision, Workload } from './layout.ts'

/** Gradients are added up in fp32, as Megatron-LM, torchtitan and DeepSpeed do it unless told otherwise. */
const GRADIENT_BYTES = 4

const PRECISIONS: Readonly<Record<PrecisionName, Precision>> = {
  fp32: { gemm: 'fp32', base: 'fp32', gradientBytes: GRADIENT_BYTES },
  fp16: { gemm: 'fp16', base: 'fp16', gradientBytes: GRADIENT_BYTES },
  bf16: { gemm: 'bf16', base: 'bf16', gradientBytes: GRADIENT_BYTES },
  fp8: { gemm: 'fp8', base: 'bf16', fp8Scaling: 'tensor', gradientBytes: GRADIENT_BYTES },
  'fp8-block': { gemm: 'fp8', base: 'bf16', fp8Scaling: 'block', gradientBytes: GRADIENT_BYTES },
  mxfp8: { gemm: 'mxfp8', base: 'bf16', fp8Scaling: 'mx', gradientBytes: GRADIENT_BYTES },
  nvfp4: { gemm: 'nvfp4', base: 'bf16', gradientBytes: GRADIENT_BYTES },
}

/** Bytes a parameter of the moments alone. Muon and SGD keep one momentum, bitsandbytes' Adam two of one byte. */
const MOMENT_BYTES: Readonly<Record<string, number>> = { adam: 8, 'adam-8bit': 2, 'adam-bf16': 4, muon: 4, sgd: 4 }
const MASTER_BYTES = 4

export const precisionOf = (name: PrecisionName): Precision => PRECISIONS[name]

/** Parameters in fp32 are their own master copy. */
export function optimizerOf(given: TrainingJobSpec['optimizer'], { base }: Precision): Optimizer {
  const { name = 'adam', stateBytes = MOMENT_BYTES[name]! + (base === 'fp32' ? 0 : MASTER_BYTES) } = given ?? {}
  return { name, stateBytes }
}

/** In the order of the declaration; the first is the one that was asked for. */
export function workloadsOf(spec: TrainingJobSpec, data: TrainingData): readonly Workload[] {
  const { precision: names = ['bf16'], optimizer, expertImbalance = 1 } = spec
  return names.map(name => {
    const precision = precisionOf(name)
    return {
      sequence: data.sequenceLength,
      globalBatch: data.globalBatch,
      precision,
      optimizer: optimizerOf(optimizer, precision),
      expertImbalance,
      causal: true,
    }
  })
}
