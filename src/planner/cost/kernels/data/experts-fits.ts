/** Layers of experts by device and format, fitted to aiconfigurator-core 0.12.0 (Apache-2.0). Generated: node scripts/run-ts.js bench/planner/fit-kernels.ts */
import type { ExpertsFit } from '../fitted-experts.ts'
import type { GemmFormat } from '../fitted-gemm.ts'

export const EXPERTS_FITS: Readonly<Record<string, Readonly<Partial<Record<GemmFormat, ExpertsFit>>>>> = {
  'B200 SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 37.066,
      passEfficiency: 0.44885,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 41.136,
      passEfficiency: 0.27285,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 35.014,
      passEfficiency: 0.31957,
    },
  },
  'B300 SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 34.958,
      passEfficiency: 0.38596,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 39.303,
      passEfficiency: 0.27169,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 33.296,
      passEfficiency: 0.31501,
    },
  },
  'GB200 NVL72': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 34.394,
      passEfficiency: 0.45545,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 37.941,
      passEfficiency: 0.29011,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 33.957,
      passEfficiency: 0.33429,
    },
  },
  'GB300 NVL72': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 33.052,
      passEfficiency: 0.41277,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 38.5,
      passEfficiency: 0.29745,
    },
    fp8Block: {
      efficiency: 1,
      launchMicroseconds: 33.543,
      passEfficiency: 0.32571,
    },
  },
  'H100-80GB SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 33.765,
      passEfficiency: 0.72219,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 39.05,
      passEfficiency: 0.49809,
    },
    fp8Block: {
      efficiency: 0.7355,
      launchMicroseconds: 11.5,
      passEfficiency: 0.24658,
    },
  },
  'H200-141GB SXM': {
    bf16: {
      efficiency: 1,
      launchMicroseconds: 34.427,
      passEfficiency: 0.48803,
    },
    fp8: {
      efficiency: 1,
      launchMicroseconds: 37.909,
      passEfficiency: 0.40312,
    },
    fp8Block: {
      efficiency: 0.8981,
      launchMicroseconds: 11.969,
      passEfficiency: 0.17244,
    },
  },
}
