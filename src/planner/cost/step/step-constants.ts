/**
 * The numbers of the step model that no microbenchmark gives: fitted to the calibration rows (bench/planner/calibrate.ts), each shared by many
 * of them and each with a meaning. Efficiencies of devices and links are not among them: those come from microbenchmarks alone.
 */
export interface StepConstants {
  /** How much further clocks fall over minutes than over the longest benchmark, as a power (sustained-clock.ts). */
  readonly throttleDepth: number
  /** A GEMM in a step over the same GEMM alone on a hot device: caches are cold, others use the memory. */
  readonly sustained: number
  /** The same for 8-bit and 4-bit formats. */
  readonly sustainedNarrow: number
  /** Experts' products in a step over the grouped kernel: launched one by one or in streams, rows padded. */
  readonly expertProducts: number
  /** GEMM with a scale a row or block over one with a scale a tensor. */
  readonly fineScale: number
  /** Bytes moved for each element that is cast to a narrow format: amax, cast, transpose, as far as they are not fused. */
  readonly castBytes: number
  /** Growth of it a year back before 2025 (logarithm). */
  readonly castPerYear: number
  /** Attention in a step over the kernel model's. */
  readonly attention: number
  /** The first FlashAttention over the second. */
  readonly flash1: number
  /** Traffic of memory-bound operations in a step over the operators' list, and that of router and permutation. */
  readonly passes: number
  readonly routingPasses: number
  /** Index, multiply by probabilities and add up as kernels of their own (Megatron-Core before `--moe-permute-fusion`), over the fused ones. */
  readonly routingUnfused: number
  /** Host time of one launch, from Python to the device's queue, in today's software, and its growth a year back before 2024 (logarithm). */
  readonly launchSeconds: number
  readonly launchPerYear: number
  /** Host time of a mixture-of-experts layer and pass beyond its launches: counts cross to the host and it waits. */
  readonly expertHostSeconds: number
  /** Host time of a collective between layers. */
  readonly collectiveHostSeconds: number
  /** Host time of a checkpointed stretch: PyTorch saves and restores the random number generators' states around it. */
  readonly checkpointHostSeconds: number
  /** Wait for the last rank before a collective that all of a layer needs. */
  readonly skewSeconds: number
  /** Part of tensor-parallel communication that hides when it is pipelined with GEMMs. */
  readonly tensorHidden: number
  /** The same of torch's async TP. */
  readonly asyncTensorHidden: number
  /** Part of the ring's communication that hides behind attention. */
  readonly contextHidden: number
  /** Part of the expert dispatch that hides behind another micro-batch's compute. */
  readonly expertHidden: number
  /** Part of pipeline messages that hides. */
  readonly pipelineHidden: number
  /** Bytes through memory for each byte of a sharded unit that is gathered or reduced: received, sent on, added. */
  readonly contention: number
  /** Part of the last backward (or first forward) that hides gradients (or parameters). */
  readonly dataHidden: number
  /** Passes over optimizer states in a step over the least possible. */
  readonly optimizerPasses: number
  /** Of each step: zeroing, gradient norm, logging, the loader. */
  readonly stepSeconds: number
  /** What sharded parameters in PyTorch add to it. */
  readonly torchStepSeconds: number
  /** Step time a doubling of ranks adds: jitter that all wait for. */
  readonly jitterPerDoubling: number
}

export const CONSTANT_NAMES: readonly (keyof StepConstants)[] = [
  'throttleDepth',
  'sustained',
  'sustainedNarrow',
  'expertProducts',
  'fineScale',
  'castBytes',
  'castPerYear',
  'attention',
  'flash1',
  'passes',
  'routingPasses',
  'routingUnfused',
  'launchSeconds',
  'launchPerYear',
  'expertHostSeconds',
  'collectiveHostSeconds',
  'checkpointHostSeconds',
  'skewSeconds',
  'tensorHidden',
  'asyncTensorHidden',
  'contextHidden',
  'expertHidden',
  'pipelineHidden',
  'contention',
  'dataHidden',
  'optimizerPasses',
  'stepSeconds',
  'torchStepSeconds',
  'jitterPerDoubling',
]
