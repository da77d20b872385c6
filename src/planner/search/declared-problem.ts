/** From a declaration to what is searched: model, fleet, workloads, software, and everything that the user fixed. */
import { fail, ok, type Problem, type Result } from '../../base/problem.ts'
import type { TrainingJob, TrainingJobSpec, TrainingModel } from '../../spec/training-job.ts'
import { onCores, softwareOf } from '../cost/software/defaults.ts'
import type { Software } from '../cost/software.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { devicesOf } from '../fleet/fleet.ts'
import { asSlowest } from '../fleet/pace.ts'
import { type FleetSources, resolveFleet } from '../fleet/resolve-fleet.ts'
import { type DeclaredModel, declaredModel } from '../model/declared-model.ts'
import { readHuggingFace } from '../model/hugging-face.ts'
import type { ModelSpec } from '../model/model.ts'
import { workloadsOf } from '../training/declared-workload.ts'
import type { Recompute, Workload } from '../training/layout.ts'
import { abilitiesOn } from './abilities.ts'
import type { Fixed, SearchProblem } from './problem.ts'
import { stepCosts } from './step-costs.ts'

export interface DeclaredProblem {
  readonly model: ModelSpec
  readonly fleet: Fleet
  /** One for each precision that may be chosen; the first is what was asked for. */
  readonly workloads: readonly Workload[]
  readonly software: Software
  readonly fixed: Fixed
  readonly ranksPerPod?: number
  /** Of the whole training. */
  readonly tokens?: number
}

const THIS_YEAR = 2026

export function declaredProblem(job: TrainingJob, sources: FleetSources): Result<DeclaredProblem> {
  const { spec } = job
  const problems: Problem[] = []
  const model = modelOfJob(job)
  const fleet = resolveFleet(spec.fleet, sources)
  if (!model.ok) problems.push(...model.problems)
  if (!fleet.ok) problems.push(...fleet.problems)
  if (!spec.data) problems.push(...missing('spec.data', DATA_FIX).problems)
  if (fleet.ok && devicesOf(fleet.value.fleet) === 0)
    problems.push({ field: 'spec.fleet', what: 'has no devices', fix: 'Write h100x8 for one node of eight H100.' })
  if (!model.ok || !fleet.ok || !spec.data || problems.length > 0) return { ok: false, problems }
  // Ranks wait for each other wherever they lie: a fleet of several makes is planned as slow as the slowest of each.
  const paced = asSlowest(fleet.value.fleet)
  const workloads = workloadsOf(spec, spec.data, paced)
  if (!workloads.ok) return workloads
  return ok({
    model: model.value,
    fleet: paced,
    workloads: workloads.value,
    software: softwareOn(paced, declaredSoftware(spec.software)),
    fixed: fixedBy(spec),
    ...(spec.ranksPerPod === undefined ? {} : { ranksPerPod: spec.ranksPerPod }),
    ...(spec.data.tokens === undefined ? {} : { tokens: spec.data.tokens }),
  })
}

const MODEL_FIX = 'Add model: { huggingface: ./config.json }, or declare all degrees under parallelism.'
const DATA_FIX = 'Add data: { sequenceLength: 4096, globalBatch: 1024 }.'

const missing = (field: string, fix: string): { readonly ok: false; readonly problems: readonly Problem[] } => ({
  ok: false,
  problems: [{ field, what: 'is not given', why: 'the planner needs it to choose', fix }],
})

export const declaredSoftware = ({
  family = 'megatron',
  year = THIS_YEAR,
}: TrainingJobSpec['software'] = {}): Software => softwareOf(family, year)

const softwareOn = ({ pools }: Fleet, software: Software): Software =>
  pools[0]!.device.generation === 'cpu' ? onCores(software) : software

export const modelOfJob = ({ metadata, spec }: TrainingJob): Result<ModelSpec> =>
  spec.model ? modelOf(spec.model, metadata.name ?? 'model') : missing('spec.model', MODEL_FIX)

function modelOf(given: TrainingModel, name: string): Result<ModelSpec> {
  const { huggingface, ...numbers } = given
  if (!huggingface) return declaredModel({ name, ...numbers } as unknown as DeclaredModel)
  if (huggingface.config) return readHuggingFace(huggingface.config, given.name ?? name)
  return fail({
    field: 'spec.model.huggingface',
    what: 'has no config',
    why: 'the planner opens no files',
    fix: 'Plan through the command line, which reads the file, or put its content under config.',
  })
}

function fixedBy(spec: TrainingJobSpec): Fixed {
  const {
    microBatch,
    schedule,
    chunks,
    stages,
    sequenceParallel,
    contextMethod,
    zero,
    shardRanks,
    offload,
    dispatcher,
  } = spec
  const given = {
    ...spec.parallelism,
    microBatch,
    schedule,
    chunks,
    stages,
    sequenceParallel,
    contextMethod,
    zero,
    shardRanks,
    recompute: recomputeOf(spec.recompute),
    offload,
    dispatcher,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Fixed
}

function recomputeOf(given: TrainingJobSpec['recompute']): Recompute | undefined {
  if (!given) return undefined
  const { kind, layers, modules = [] } = given
  if (kind === 'modules') return { kind, modules }
  return kind === 'full' && layers !== undefined ? { kind, layers } : { kind }
}

/** One search for one precision. */
export function searchProblem(declared: DeclaredProblem, workload: Workload, fleet = declared.fleet): SearchProblem {
  const { model, software, fixed, ranksPerPod } = declared
  return {
    model,
    fleet,
    workload,
    costs: stepCosts({ model, fleet, workload, software }),
    abilities: abilitiesOn(fleet.pools[0]!.device, software.family),
    fixed,
    ...(ranksPerPod === undefined ? {} : { ranksPerPod }),
  }
}
