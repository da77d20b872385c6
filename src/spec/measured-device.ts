/** What `solvent calibrate` found a device to do: part of a Fleet's pool, in place of a table's row. Seconds, bytes, operations a second. */

/** Points of a measured curve, in rising order of `bytes` or `parameters`. */
export interface MeasuredCurve {
  readonly bytes: readonly number[]
  readonly seconds: readonly number[]
}

/** Operations a second of x[m, k] times a weight [n, k]: `rates[i][j][l]` for m, n, k of `sizes`; the gradients' time over the forward's. */
export interface MeasuredProducts {
  readonly sizes: readonly number[]
  readonly rates: readonly (readonly (readonly number[])[])[]
  readonly input_gradient: number
  readonly weight_gradient: number
}

/** Operations a second by head size and keys, counting the keys that a query sees. */
export interface MeasuredAttention {
  readonly head_sizes: readonly number[]
  readonly keys: readonly number[]
  readonly forward: readonly (readonly number[])[]
  readonly backward: readonly (readonly number[])[]
}

/** Work between products, by the bytes that it moves at least. */
export interface MeasuredPass {
  readonly bytes: readonly number[]
  readonly forward: readonly number[]
  readonly backward: readonly number[]
}

export const MEASURED_PASSES = ['norm', 'residual', 'rope', 'activation', 'loss', 'permute', 'router'] as const
export type MeasuredPassName = (typeof MEASURED_PASSES)[number]

export interface MeasuredPrecision {
  readonly products: MeasuredProducts
  readonly attention: MeasuredAttention
  readonly passes: Readonly<Record<MeasuredPassName, MeasuredPass>>
}

export const MEASURED_LINKS = ['all-reduce', 'all-gather', 'reduce-scatter', 'all-to-all', 'send'] as const

export interface MeasuredDevice {
  readonly kind: 'cpu' | 'cuda'
  readonly name: string
  readonly memoryBytes: number
  /** That worked at once when it was measured: the ranks of `links`. */
  readonly devices: number
  /** Of each device, where devices are cores. */
  readonly threads: number
  readonly torch: string
  readonly precisions: Readonly<Partial<Record<'fp32' | 'bf16', MeasuredPrecision>>>
  readonly update: Readonly<
    Record<string, { readonly parameters: readonly number[]; readonly seconds: readonly number[] }>
  >
  /** None where one device was measured. */
  readonly links: Readonly<Partial<Record<(typeof MEASURED_LINKS)[number], MeasuredCurve>>>
}
