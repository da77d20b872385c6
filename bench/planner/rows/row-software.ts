/**
 * The software of a row: family, year and features, read from what the page says of itself (`software`, `notes`, `precision_detail`, `fsdp`).
 * What it does not say takes the default of that family and year (`softwareOf`).
 */

import { softwareOf } from '../../../src/planner/cost/software/defaults.ts'
import type { Family, Features, Software } from '../../../src/planner/cost/software.ts'
import type { Row } from './row.ts'

const FAMILIES: readonly (readonly [RegExp, Family])[] = [
  [/llm-foundry|composer/i, 'llm-foundry'],
  [/torchtitan|torchao/i, 'torchtitan'],
  [/automodel/i, 'torchtitan'],
  // NeMo's successor, with its recipes.
  [/megatron[- ]?bridge/i, 'nemo'],
  [/deepspeed/i, 'deepspeed'],
  [/nemo/i, 'nemo'],
  [/megatron|mcore|primus/i, 'megatron'],
  [/sdpa|flexattn/i, 'torchtitan'],
  // Transformer Engine's layers under somebody's own loop: Megatron's kernels.
  [/\bTE\b/, 'megatron'],
  [/fsdp/i, 'fsdp'],
]

const textOf = (row: Row): string =>
  [row.software, row.notes, row.precision_detail, row.recompute_detail, row.fsdp].filter(Boolean).join(' ; ')

export function familyOf(row: Row): Family {
  // A page that does not name its software is read as its repository's.
  const named = FAMILIES.find(([pattern]) => pattern.test(row.software ?? row.source ?? ''))
  if (named) return named[1]
  if (row.source_group === 'vtrain-single-node') return 'megatron'
  // BigScience trained with Megatron-DeepSpeed, whose memory is DeepSpeed's.
  if (/bigscience|bloom/i.test(row.model.name ?? '')) return 'deepspeed'
  if (row.fsdp || row.zero_stage === 3) return 'fsdp'
  return (row.pp ?? 1) > 1 || (row.tp ?? 1) > 1 ? 'megatron' : 'other'
}

/** As a fraction: NeMo 24.09 is 2024.75. Releases change what a step costs, in fp8 above all. */
export function yearOf(row: Row): number {
  const releases = [...(row.software ?? '').matchAll(/\b(2[2-9])\.(0[1-9]|1[0-2])\b/g)].map(
    m => 2000 + Number(m[1]) + Number(m[2]) / 12,
  )
  if (releases.length > 0) return Math.max(...releases)
  const calendar = /\b(?:(early|mid|late|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) )?(20[12]\d)\b/.exec(
    row.software ?? '',
  )
  if (calendar) return Number(calendar[2]) + (PART_OF_YEAR[calendar[1] ?? ''] ?? 0.5)
  return (row.year ?? (row.source_group === 'vtrain-single-node' ? 2022 : 2024)) + 0.5
}

const PART_OF_YEAR: Readonly<Record<string, number>> = {
  early: 0.2,
  mid: 0.5,
  late: 0.8,
  ...Object.fromEntries(
    'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ').map((month, i) => [month, (i + 1) / 12]),
  ),
}

/** Features that the page states, either way. */
function statedFeatures(row: Row): Partial<Features> {
  const text = textOf(row)
  const has = (pattern: RegExp, value = true): boolean | undefined => (pattern.test(text) ? value : undefined)
  const noOverlap = has(/no comm(unication)? overlap/i)
  const stated: { -readonly [name in keyof Features]?: boolean | undefined } = {
    compile: has(/\beager\b/i) ? false : has(/\bcompile/i),
    cudaGraphs: has(/cuda[ -]?graph/i),
    flashAttention: row.flash_attention ?? undefined,
    fusedCrossEntropy: has(/fused (cross|ce)|cross[- ]entropy fusion/i),
    fusedRouter: has(/fused router|router fusion/i),
    fusedPermute: has(/fused permute|permute fusion/i),
    overlapTensor: noOverlap ? false : has(/vanilla TP/i) ? false : has(/async ?tp|tp[- ]overlap|userbuffer/i),
    overlapGradients: noOverlap ? false : has(/overlap[- ]grad/i),
    overlapParameters: noOverlap ? false : has(/overlap[- ]param/i),
    overlapPipeline: noOverlap ? false : has(/overlap[- ]p2p/i),
    overlapExpert: noOverlap ? false : has(/1f1b[- ]?(ep[- ]?)?overlap|ep[- ]overlap|a2a[- ]overlap/i),
    delayWeightGradient: has(/delay[- ]wgrad/i),
  }
  return Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined))
}

export const softwareOfRow = (row: Row): Software => softwareOf(familyOf(row), yearOf(row), statedFeatures(row))
