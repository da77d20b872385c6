/**
 * DeepEP inside one NVLink domain, fitted to planner/data/kernels/moe-dispatch.csv.gz (aiconfigurator, Apache-2.0) by
 *     node scripts/run-ts.js bench/planner/fit-dispatch.ts && npx biome check --write src/planner/cost/collectives/data
 * Microseconds: start + (token + copy x copies + (byte + copiedByte x copies) x bytes of a row) x tokens / processors
 * + remoteByte x bytes to other ranks. `copies`: distinct ranks that a token goes to, its own too.
 */
export interface DispatchKernel {
  readonly start: number
  readonly token: number
  readonly copy: number
  readonly byte: number
  readonly copiedByte: number
  readonly remoteByte: number
}

export const DEEPEP: Readonly<
  Record<'hopper' | 'blackwell', Readonly<Record<'dispatch' | 'combine', DispatchKernel>>>
> = {
  hopper: {
    dispatch: {
      start: 32.33,
      token: 0.2981,
      copy: 0.05523,
      byte: 0.0000112,
      copiedByte: 0.00002793,
      remoteByte: 8.314e-7,
    },
    combine: {
      start: 49.31,
      token: 0,
      copy: 0.03061,
      byte: 0.0001094,
      copiedByte: 0.00001198,
      remoteByte: 0.000001374,
    },
  },
  blackwell: {
    dispatch: { start: 39.57, token: 0.4687, copy: 0.1307, byte: 0, copiedByte: 0.00002765, remoteByte: 1.069e-7 },
    combine: { start: 44.79, token: 1.03, copy: 0, byte: 1.989e-7, copiedByte: 0.00003301, remoteByte: 2.415e-7 },
  },
}
