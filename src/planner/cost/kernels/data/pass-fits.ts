/** Passes over memory by device (the cast of bf16 to fp8), fitted to aiconfigurator-core 0.12.0 (Apache-2.0). Generated: node scripts/run-ts.js bench/planner/fit-kernels.ts */
import type { PassFit } from '../fitted-pass.ts'

export const PASS_FITS: Readonly<Record<string, PassFit>> = {
  'B200 SXM': {
    memoryEfficiency: 0.80039,
    launchMicroseconds: 1.9486,
  },
  'B300 SXM': {
    memoryEfficiency: 0.80902,
    launchMicroseconds: 1.8656,
  },
  'GB200 NVL72': {
    memoryEfficiency: 0.83744,
    launchMicroseconds: 1.9933,
  },
  'GB300 NVL72': {
    memoryEfficiency: 0.83158,
    launchMicroseconds: 1.9623,
  },
  'H100-80GB SXM': {
    memoryEfficiency: 0.91733,
    launchMicroseconds: 1.0863,
  },
  'H200-141GB SXM': {
    memoryEfficiency: 0.89258,
    launchMicroseconds: 1.2947,
  },
}
