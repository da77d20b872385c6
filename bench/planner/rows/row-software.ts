/**
 * The software of a row: family, year and features, read from what the page says of itself (`software`, `notes`, `precision_detail`, `fsdp`).
 * What it does not say takes the default of that family and year (`softwareOf`).
 */
import type { Family, Features, Software } from '../../../src/planner/cost/software.ts'
import { softwareOf } from '../../../src/planner/cost/software/defaults.ts'
import type { Row } from './row.ts'

const FAMILIES: readonly (readonly [RegExp, Family])[] = [
  [/llm-foundry|composer/i, 'llm-foundry'],
  [/torchtitan|torchao/i, 'torchtitan'],
  [/automodel/i, 'torchtitan'],
  [/megatron-deepspeed/i, 'megatron'],
  [/deepspeed/i, 'deepspeed'],
  [/nemo/i, 'nemo'],
  [/megatron|mcore|primus/i, 'megatron'],
  [/fsdp/i, 'fsdp'],
]

const textOf = (row: Row): string =>
  [row.software, row.notes, row.precision_detail, row.recompute_detail, row.fsdp].filter(Boolean).join(' ; ')

export function familyOf(row: Row): Family {
  const named = FAMILIES.find(([pattern]) => pattern.test(row.software ?? ''))
  if (named) return named[1]
  if (row.fsdp || row.zero_stage === 3) return 'fsdp'
  return (row.pp ?? 1) > 1 || (row.tp ?? 1) > 1 ? 'megatron' : 'other'
}

export function yearOf(row: Row): number {
  const release = /\b(?:NeMo|v)\s*(2[2-9])\.\d\d/i.exec(row.software ?? '')
  const calendar = /\b(20[12]\d)\b/.exec(row.software ?? '')
  if (calendar) return Number(calendar[1])
  if (release) return 2000 + Number(release[1])
  return row.year ?? (row.source_group === 'vtrain-single-node' ? 2022 : 2024)
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
