/** Which rows fit constants and which only judge them (../shared/planner/data.md, "What to calibrate on, what to validate on"). */
import type { Row } from './row.ts'

export type Split = 'calibration' | 'validation'

const CALIBRATION_GROUPS = new Set(['simumax-b200', 'llm-foundry', 'torchtitan', 'moe-modelzoo'])

export function splitOf(row: Row): Split {
  if (CALIBRATION_GROUPS.has(row.source_group)) return 'calibration'
  const gpus = row.hardware.gpus ?? 0
  if (row.source_group === 'dgxc-benchmarking' && gpus >= 8 && gpus <= 64) return 'calibration'
  if (row.source_group === 'vtrain-single-node' && row.model.layers === 24) return 'calibration'
  return 'validation'
}

/** Published numbers that contradict their neighbours: reported, not fitted. */
export const isOutlier = (row: Row): boolean =>
  /^dgxc-v24\.11\.1-nemo-gpt3-175b-h100-(512|1024)-fp8$/.test(row.id) ||
  row.id === 'foundry-a100-40gb-70b-s2048-g64-bf16-mbs2' ||
  /^foundry-(a100-80gb|h100)-30b-s8192-g8-/.test(row.id)

/** Groups that leave-one-group-out holds out: the source; dgxc by its model family as well, since one page repeats a model. */
export const groupOf = (row: Row): string => row.source_group
