/** Layers of experts by device and format, fitted to aiconfigurator-core 0.12.0 (Apache-2.0). Generated: node scripts/run-ts.js bench/planner/fit-kernels.ts */
import type { ExpertsFit } from '../fitted-experts.ts'
import type { GemmFormat } from '../fitted-gemm.ts'

export const EXPERTS_FITS: Readonly<Record<string, Readonly<Partial<Record<GemmFormat, ExpertsFit>>>>> = {
  'B200 SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 37.176,
      passEfficiency: 0.44864,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 41.142,
      passEfficiency: 0.27332,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 34.953,
      passEfficiency: 0.3176,
    },
  },
  'B300 SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 34.975,
      passEfficiency: 0.3865,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 39.267,
      passEfficiency: 0.27203,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 33.266,
      passEfficiency: 0.31348,
    },
  },
  'GB200 NVL72': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 34.41,
      passEfficiency: 0.45496,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 37.984,
      passEfficiency: 0.28978,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 34.478,
      passEfficiency: 0.33416,
    },
  },
  'GB300 NVL72': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 33.435,
      passEfficiency: 0.46166,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 38.41,
      passEfficiency: 0.29697,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 33.581,
      passEfficiency: 0.32409,
    },
  },
  'H100-80GB SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 32.96,
      passEfficiency: 0.64326,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 39.129,
      passEfficiency: 0.49838,
    },
    fp8Block: {
      efficiency: 0.75446,
      launchMicroseconds: 10.555,
      passEfficiency: 0.24404,
    },
  },
  'H200-141GB SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 35.693,
      passEfficiency: 0.59731,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 38.149,
      passEfficiency: 0.40537,
    },
    fp8Block: {
      efficiency: 0.91031,
      launchMicroseconds: 11.471,
      passEfficiency: 0.17161,
    },
  },
}
