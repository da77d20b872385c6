/** One accelerator. Peaks are dense (no sparsity), operations a second; memory in bytes. */
import type { MeasuredDevice } from '../../spec/measured-device.ts'

export type Generation = 'volta' | 'ampere' | 'hopper' | 'blackwell' | 'cdna2' | 'cdna3' | 'cdna4' | 'tpu' | 'cpu'

/** What a GEMM multiplies. `mxfp8` is fp8 with a scale a block of 32, `nvfp4` four bits with a scale a block of 16. */
export type NumberFormat = 'fp32' | 'fp16' | 'bf16' | 'fp8' | 'mxfp8' | 'nvfp4'

export interface Device {
  readonly name: string
  readonly generation: Generation
  readonly peakFlops: Readonly<Partial<Record<NumberFormat, number>>>
  readonly memoryBytes: number
  readonly memoryBytesPerSecond: number
  /** Streaming multiprocessors, compute units or cores. */
  readonly processors: number
  /** Where the figures are from. */
  readonly source: string
  /** What it does, measured on the machine itself; then no table is asked. */
  readonly measured?: MeasuredDevice
}
