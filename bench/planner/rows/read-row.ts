/**
 * A published run as the planner's input. A row that lacks something essential is answered with the reason, so that the bench can count it;
 * nothing is skipped in silence.
 */
import { fittingRecompute } from '../../../src/planner/cost/memory/fitting-recompute.ts'
import type { StepInput } from '../../../src/planner/cost/prediction.ts'
import { inFlight } from '../../../src/planner/schedule/in-flight.ts'
import type { Row } from './row.ts'
import { fleetOfRow, missingOfFleet } from './row-fleet.ts'
import { layoutOf, microBatchOf, workloadOf } from './row-layout.ts'
import { missingOfModel, modelOfRow } from './row-model.ts'
import { softwareOfRow } from './row-software.ts'

export type ReadRow = { readonly input: StepInput } | { readonly skipped: string }

export function readRow(row: Row): ReadRow {
  const missing = [...missingOfModel(row), ...missingOfFleet(row)]
  for (const name of ['seq', 'global_batch'] as const) if (!row[name]) missing.push(name)
  if (row.task === 'lora') missing.push('a full training step (LoRA adapters are not modelled)')
  if (missing.length > 0) return { skipped: `lacks ${missing.join(', ')}` }
  const shared = (row.tp ?? 1) * (row.pp ?? 1) * (row.cp ?? 1)
  const data = row.hardware.gpus! / shared
  if (!Number.isInteger(data))
    return { skipped: `tp x pp x cp = ${shared} does not divide ${row.hardware.gpus} devices` }
  const microBatch = microBatchOf(row, data)
  if (!microBatch) return { skipped: 'lacks micro_batch and grad_accum' }
  const layout = layoutOf(row, data, microBatch)
  if (layout.stages.some(layers => layers < 0))
    return { skipped: `${layout.stages.length} stages for ${row.model.layers} layers` }
  const input: StepInput = {
    model: modelOfRow(row),
    fleet: fleetOfRow(row),
    workload: workloadOf(row),
    layout,
    software: softwareOfRow(row),
  }
  return { input: row.recompute ? input : withRecompute(input) }
}

/** A page that does not tell what is computed again is read as the least with which the run fits. */
function withRecompute(input: StepInput): StepInput {
  const { layout, workload } = input
  const { schedule, pipeline, chunks } = layout
  const microBatches = Math.max(1, Math.round(workload.globalBatch / (layout.data * layout.microBatch)))
  const held = Array.from({ length: pipeline }, (_, rank) =>
    pipeline === 1 ? 1 : inFlight(schedule, rank, { pipeline, chunks, microBatches }),
  )
  return { ...input, layout: { ...layout, recompute: fittingRecompute(input, held) } }
}

export const stepSecondsOf = (row: Row): number | undefined =>
  row.derived?.step_time_s ?? row.measured?.step_time_s ?? undefined
