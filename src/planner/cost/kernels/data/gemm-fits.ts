import type { GemmFit, GemmFormat } from '../gemm-fit.ts'

export const GEMM_FITS: Readonly<Record<string, Readonly<Partial<Record<GemmFormat, GemmFit>>>>> = {
  'A100-80GB SXM': {
    bf16: {
      launchMicroseconds: 6.23,
      efficiency: 0.822,
      smallTile: 0.95,
      waveShare: 0.14,
      fillSteps: 110,
      memoryEfficiency: 0.94,
      throttle: 0.069,
      throttleAt: 13.5,
    },
  },
  'H100-80GB SXM': {
    bf16: {
      launchMicroseconds: 2.6,
      efficiency: 0.839,
      smallTile: 0.986,
      waveShare: 0.173,
      fillSteps: 152,
      memoryEfficiency: 0.94,
      throttle: 0.116,
      throttleAt: 12,
    },
  },
  'B200 SXM': {
    bf16: {
      launchMicroseconds: 2.4,
      efficiency: 0.71,
      smallTile: 0.98,
      waveShare: 0.216,
      fillSteps: 18,
      memoryEfficiency: 0.6,
      throttle: 0.119,
      throttleAt: 12.46,
    },
  },
}
