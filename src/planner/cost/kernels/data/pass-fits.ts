/** Passes over memory by device (the cast of bf16 to fp8), fitted to aiconfigurator-core 0.12.0 (Apache-2.0). Generated: node scripts/run-ts.js bench/planner/fit-kernels.ts */
import type { PassFit } from '../fitted-pass.ts'

export const PASS_FITS: Readonly<Record<string, PassFit>> = {
  'B200 SXM': {
    memoryEfficiency: 0.69902,
    launchMicroseconds: 2.0448,
  },
  'B300 SXM': {
    memoryEfficiency: 0.70988,
    launchMicroseconds: 1.9225,
  },
  'GB200 NVL72': {
    memoryEfficiency: 0.74301,
    launchMicroseconds: 2.2587,
  },
  'GB300 NVL72': {
    memoryEfficiency: 0.74367,
    launchMicroseconds: 2.2499,
  },
  'H100-80GB SXM': {
    memoryEfficiency: 0.90342,
    launchMicroseconds: 1.3889,
  },
  'H200-141GB SXM': {
    memoryEfficiency: 0.87598,
    launchMicroseconds: 1.5971,
  },
}
