/**
 * The parallel strategy of a batch job, from what is declared, what the input weighs and what can run at once. Pure: whoever lists the
 * files and counts the slots hands both in. Every choice says why; what the user fixed is kept and said to be.
 */
import { fail, ok, type Problem, type Result } from '../../base/problem.ts'
import { formatBytes, plural } from '../../base/units.ts'
import type { BatchJob, InputFormat, OutputFormat } from '../../spec/kinds.ts'
import { fileMatcher } from '../../spec/resolve/pattern.ts'
import { chooseAggregate, chooseCombine, chooseEngine } from './choose-aggregation.ts'
import { choosePartitions } from './choose-partitions.ts'
import { chooseSplitBytes } from './choose-split-bytes.ts'
import { chooseWorkers } from './choose-workers.ts'
import type { BatchCapacity, BatchPlan, InputFile, Reason } from './plan.ts'
import { cutFiles } from './splits.ts'

/** `job` in the stored form and without broken rules (`checkDeclaration`); `files` as its patterns matched. */
export function planBatch(job: BatchJob, files: readonly InputFile[], capacity: BatchCapacity): Result<BatchPlan> {
  const { input, map, reduce, output } = job.spec
  const [format, patterns] = oneOf(input)
  const [outputFormat, uri] = oneOf(output)
  const sorted = inOrder(files)
  const problems = inputProblems(format, patterns, sorted)
  if (problems.length > 0) return fail(...problems)
  const bytes = sorted.reduce((total, file) => total + file.bytes, 0)
  const { strategy, reasons } = chooseStrategy(job, format, sorted, bytes, capacity)
  return ok({
    version: 1,
    name: job.metadata.name ?? '',
    namespace: job.metadata.namespace ?? 'default',
    input: { format, files: sorted, bytes },
    map: planMap(map),
    reduce: planReduce(reduce),
    output: { format: outputFormat, uri },
    strategy,
    reasons,
  })
}

function chooseStrategy(
  { spec }: BatchJob,
  format: InputFormat,
  files: readonly InputFile[],
  bytes: number,
  capacity: BatchCapacity,
): Pick<BatchPlan, 'strategy' | 'reasons'> {
  const fixed = spec.strategy ?? {}
  // Where there is no room yet, the plan is for one slot: the first worker waits for it.
  const atLeastOne = { ...capacity, slots: Math.max(1, Math.floor(capacity.slots)) }
  const splitBytes = chooseSplitBytes(bytes, atLeastOne, fixed.splitBytes)
  const numSplits = cutFiles(files, splitBytes.value, format !== 'parquet').length
  const combine = chooseCombine(spec.reduce, fixed.combine)
  const aggregate = chooseAggregate(spec.reduce, fixed.aggregate)
  const engine = chooseEngine(spec.map)
  const partitions = choosePartitions(spec.reduce, bytes, combine.value, atLeastOne, fixed.partitions)
  const workers = chooseWorkers(Math.max(numSplits, partitions.value), capacity, spec.workers)
  return {
    strategy: {
      splitBytes: splitBytes.value,
      numSplits,
      partitions: partitions.value,
      workers: workers.value,
      combine: combine.value,
      aggregate: aggregate.value,
      engine: engine.value,
    },
    reasons: [
      { choice: `splits = ${numSplits}`, because: splitBytes.because },
      ...unsplittable(format, files, splitBytes.value),
      { choice: `engine = ${engine.value}`, because: engine.because },
      { choice: `combine = ${combine.value}`, because: combine.because },
      { choice: `aggregate = ${aggregate.value}`, because: aggregate.because },
      { choice: `partitions = ${partitions.value}`, because: partitions.because },
      { choice: `workers = ${range(workers.value)}`, because: workers.because },
    ],
  }
}

const range = ({ min, max }: { readonly min: number; readonly max: number }): string =>
  min === max ? `${min}` : `${min} to ${max}`

/** Files that are one task however large they are, where that costs parallelism. */
function unsplittable(format: InputFormat, files: readonly InputFile[], splitBytes: number): readonly Reason[] {
  const whole = files.filter(file => (format === 'parquet' || !file.splittable) && file.bytes > splitBytes)
  if (whole.length === 0) return []
  const largest = formatBytes(Math.max(...whole.map(file => file.bytes)))
  const because =
    format === 'parquet'
      ? 'a Parquet file is cut at its row groups only, which are not read for the plan'
      : 'nobody can start reading in the middle of a gzip file'
  return [{ choice: `${plural(whole.length, 'file')} uncut, up to ${largest}`, because }]
}

function inputProblems(
  format: InputFormat,
  patterns: readonly string[],
  files: readonly InputFile[],
): readonly Problem[] {
  const unmatched = patterns.flatMap((pattern, i): readonly Problem[] => {
    if (files.map(file => file.uri).some(fileMatcher(pattern))) return []
    const what = `is ${JSON.stringify(pattern)}`
    return [
      { field: `spec.input.${format}[${i}]`, what, why: 'it matches no file', fix: 'Correct the path, or remove it.' },
    ]
  })
  if (unmatched.length > 0 || files.some(file => file.bytes > 0)) return unmatched
  const what = `matches ${plural(files.length, 'file')}`
  const why = files.length === 1 ? 'it is empty' : 'all of them are empty'
  return [{ field: `spec.input.${format}`, what, why, fix: 'Name files that hold something.' }]
}

/** By name, each once: the plan of the same files is the same plan. */
function inOrder(files: readonly InputFile[]): readonly InputFile[] {
  const byUri = new Map(files.map(file => [file.uri, file]))
  return [...byUri.values()].sort((a, b) => (a.uri < b.uri ? -1 : 1))
}

/** The one format that is given, and its value. */
const oneOf = <K extends InputFormat | OutputFormat, V>(fields: { readonly [key in K]?: V }): readonly [K, V] =>
  (Object.entries(fields) as [K, V | undefined][]).find((entry): entry is [K, V] => entry[1] !== undefined)!

function planMap({ module, export: name, split, sql }: BatchJob['spec']['map']): BatchPlan['map'] {
  if (split !== undefined) return { kind: 'split', pattern: split }
  if (sql !== undefined) return { kind: 'sql', text: sql }
  return { kind: 'module', module: module ?? '', export: name ?? '' }
}

function planReduce({ module, export: name, by, k }: BatchJob['spec']['reduce']): BatchPlan['reduce'] {
  if (by === undefined) return { kind: 'module', module: module ?? '', export: name ?? '' }
  return { kind: 'algebra', by, ...(k === undefined ? {} : { k }) }
}
