/** Layers of experts by device and format, fitted to aiconfigurator-core 0.12.0 (Apache-2.0). Generated: node scripts/run-ts.js bench/planner/fit-kernels.ts */
import type { ExpertsFit } from '../fitted-experts.ts'
import type { GemmFormat } from '../fitted-gemm.ts'

export const EXPERTS_FITS: Readonly<Record<string, Readonly<Partial<Record<GemmFormat, ExpertsFit>>>>> = {
  'B200 SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 37.328,
      passEfficiency: 0.45388,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 41.122,
      passEfficiency: 0.27304,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 34.967,
      passEfficiency: 0.31722,
    },
  },
  'B300 SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 34.971,
      passEfficiency: 0.38637,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 39.248,
      passEfficiency: 0.2717,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 33.281,
      passEfficiency: 0.31367,
    },
  },
  'GB200 NVL72': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 34.412,
      passEfficiency: 0.45496,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 37.978,
      passEfficiency: 0.28976,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 34.53,
      passEfficiency: 0.33441,
    },
  },
  'GB300 NVL72': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 33.439,
      passEfficiency: 0.46198,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 38.396,
      passEfficiency: 0.29674,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 33.618,
      passEfficiency: 0.32415,
    },
  },
  'H100-80GB SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 32.949,
      passEfficiency: 0.64362,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 38.752,
      passEfficiency: 0.48104,
    },
    fp8Block: {
      efficiency: 0.73536,
      launchMicroseconds: 11.492,
      passEfficiency: 0.2466,
    },
  },
  'H200-141GB SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 34.379,
      passEfficiency: 0.48732,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 38.193,
      passEfficiency: 0.40528,
    },
    fp8Block: {
      efficiency: 0.89711,
      launchMicroseconds: 12.058,
      passEfficiency: 0.17264,
    },
  },
}
