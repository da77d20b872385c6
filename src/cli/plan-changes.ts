/**
 * `--what-if nodes=+1,network=2x`: a declaration with some of it changed. What is about the fleet is written into an inline fleet made from
 * the one that was resolved; all else is a field of the spec.
 */
import { didYouMean } from '../base/did-you-mean.ts'
import { fail, ok, type Problem, type Result } from '../base/problem.ts'
import type { Fleet } from '../planner/fleet/fleet.ts'
import type { FleetSpec } from '../spec/fleet.ts'
import type { PrecisionName, TrainingJob, TrainingJobSpec } from '../spec/training-job.ts'

const AXES = ['data', 'context', 'tensor', 'pipeline', 'expert', 'expertTensor'] as const
const CHOICES = [
  'microBatch',
  'schedule',
  'chunks',
  'zero',
  'shardRanks',
  'sequenceParallel',
  'contextMethod',
  'offload',
  'dispatcher',
  'expertImbalance',
] as const
const FLEET = ['nodes', 'network', 'nvlink', 'memory', 'device', 'fleet'] as const
const OTHER = ['batch', 'sequence', 'precision', 'recompute'] as const

const WHAT_IF_KEYS: readonly string[] = [...FLEET, ...OTHER, ...AXES, ...CHOICES]

/** `fleet`: what the job's fleet is. Changes apply from left to right. */
export function changedJob(job: TrainingJob, fleet: Fleet, changes: string): Result<TrainingJob> {
  let changed: TrainingJob = { ...job, spec: { ...job.spec, fleet: inlineFleet(fleet) } }
  const problems: Problem[] = []
  for (const change of changes
    .split(',')
    .map(each => each.trim())
    .filter(Boolean)) {
    const [key = '', value = ''] = change.split(/=(.*)/s)
    const spec = changedSpec(changed.spec, key, value)
    if (spec.ok) changed = { ...changed, spec: spec.value }
    else problems.push(...spec.problems)
  }
  return problems.length > 0 ? fail(...problems) : ok(changed)
}

function changedSpec(spec: TrainingJobSpec, key: string, value: string): Result<TrainingJobSpec> {
  if (!WHAT_IF_KEYS.includes(key)) {
    return fail({
      field: '',
      what: `--what-if knows no "${key}"`,
      fix: didYouMean(key, WHAT_IF_KEYS) ?? `It takes ${WHAT_IF_KEYS.join(', ')}.`,
    })
  }
  if ((FLEET as readonly string[]).includes(key)) return changedFleet(spec, key as (typeof FLEET)[number], value)
  if ((AXES as readonly string[]).includes(key)) {
    const size = amount(value)
    return size === undefined
      ? notUnderstood(key, value, '8')
      : ok({ ...spec, parallelism: { ...spec.parallelism, [key]: size } })
  }
  switch (key as (typeof OTHER)[number] | (typeof CHOICES)[number]) {
    case 'batch':
    case 'sequence': {
      if (!spec.data)
        return fail({
          field: 'spec.data',
          what: 'is absent',
          fix: 'Declare data: { sequenceLength: 4096, globalBatch: 512 }.',
        })
      const field = key === 'batch' ? 'globalBatch' : 'sequenceLength'
      const next = changedAmount(spec.data[field], value)
      return next === undefined
        ? notUnderstood(key, value, '2x')
        : ok({ ...spec, data: { ...spec.data, [field]: next } })
    }
    case 'precision':
      return ok({ ...spec, precision: [value as PrecisionName] })
    case 'recompute':
      return ok({
        ...spec,
        recompute:
          value === 'none' || value === 'full'
            ? { kind: value }
            : { kind: 'modules', modules: value.split('+') as never },
      })
    default:
      return ok({ ...spec, [key]: typedValue(value) })
  }
}

function changedFleet(spec: TrainingJobSpec, key: (typeof FLEET)[number], value: string): Result<TrainingJobSpec> {
  if (key === 'fleet') return ok({ ...spec, fleet: { preset: value } })
  const pools = spec.fleet?.pools ?? []
  const each = (
    change: (pool: (typeof pools)[number]) => (typeof pools)[number] | undefined,
  ): Result<TrainingJobSpec> => {
    const changed = pools.map(change)
    if (changed.some(pool => pool === undefined)) return notUnderstood(key, value, key === 'nodes' ? '+1' : '2x')
    return ok({ ...spec, fleet: { ...spec.fleet, pools: changed.filter(pool => pool !== undefined) } })
  }
  switch (key) {
    case 'device':
      // The new device's own host: links, NICs and memory of the old one do not come along.
      return each(({ nodes }) => ({ device: value, nodes }))
    case 'nodes':
      return each(pool => withAmount(pool, 'nodes', value))
    case 'network':
      return each(pool => withAmount(pool, 'nicGigabitsPerSecond', value))
    case 'nvlink':
      return each(pool => withAmount(pool, 'scaleUpGigabytesPerSecond', value))
    case 'memory':
      return each(pool => withAmount(pool, 'memoryGibibytes', value))
  }
}

type Pool = NonNullable<FleetSpec['pools']>[number]

function withAmount(
  pool: Pool,
  field: 'nodes' | 'nicGigabitsPerSecond' | 'scaleUpGigabytesPerSecond' | 'memoryGibibytes',
  value: string,
): Pool | undefined {
  const next = changedAmount(pool[field] ?? 0, value)
  return next === undefined ? undefined : { ...pool, [field]: next }
}

/** `12`, `+1`, `-2`, `2x`. */
function changedAmount(before: number, value: string): number | undefined {
  const times = /^(\d+(?:\.\d+)?)x$/.exec(value)
  if (times) return before * Number(times[1])
  const added = /^([+-]\d+(?:\.\d+)?)$/.exec(value)
  return added ? before + Number(added[1]) : amount(value)
}

const amount = (value: string): number | undefined => (/^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined)

const typedValue = (value: string): string | number | boolean =>
  amount(value) ?? (value === 'true' ? true : value === 'false' ? false : value)

const notUnderstood = (key: string, value: string, example: string) =>
  fail({ field: '', what: `--what-if ${key}=${value} is not understood`, fix: `Write ${key}=${example}.` })

/** The same fleet as a declaration. */
function inlineFleet({ pools, tiers, inNetworkReduction }: Fleet): FleetSpec {
  return {
    pools: pools.map(pool => ({
      device: pool.device.name,
      nodes: pool.nodes,
      devicesPerNode: pool.devicesPerNode,
      domainDevices: pool.domainDevices,
      memoryGibibytes: pool.device.memoryBytes / 2 ** 30,
      scaleUpGigabytesPerSecond: pool.scaleUpBytesPerSecond / 1e9,
      nicGigabitsPerSecond: (pool.nicBytesPerSecond * 8) / 1e9,
      railAligned: pool.railAligned,
      ...(pool.pricePerDeviceHour === undefined ? {} : { pricePerDeviceHour: pool.pricePerDeviceHour }),
      failuresPerDeviceHour: pool.failuresPerDeviceHour,
    })),
    tiers: tiers.map(tier => ({ ...tier })),
    inNetworkReduction,
  }
}
