/** A map task whose pairs come from TypeScript: the user's function over records, or pieces of lines. */
import type { BatchPlan } from '../../../planner/batch/plan.ts'
import { forEachSqlPair } from '../duckdb/sql-pairs.ts'
import { shortened, UserError } from '../failure.ts'
import { blame, functionOf, type MapFunction, type UserModule } from '../functions/user-module.ts'
import { userPlace } from '../functions/user-place.ts'
import type { EachRecord } from '../input/each-record.ts'
import { re2Pattern } from '../input/re2-pattern.ts'
import { forEachRecord } from '../input/records.ts'
import type { MapTask } from '../protocol.ts'
import { type PairSink, pairSinkFor } from '../shuffle/pair-sink.ts'
import { type MappedPairs, PartitionedOutput } from '../shuffle/partitioned-output.ts'
import type { TaskContext } from './task-context.ts'

export async function mapInTypescript(task: MapTask, base: string, context: TaskContext): Promise<MappedPairs> {
  const { plan } = context
  const output = new PartitionedOutput(base, plan.strategy.partitions)
  try {
    const sink = pairSinkFor(plan, output, context.tableBytes)
    if (plan.map.kind === 'sql') {
      await forEachSqlPair(task.split, context, sink)
    } else {
      const each =
        plan.map.kind === 'split' ? pieceMapper(plan.map.pattern, sink) : await moduleMapper(plan, sink, context)
      await forEachRecord(plan.input.format, task.split, each, context.onProgress)
    }
    return { ...sink.finish(), segments: output.close() }
  } catch (error) {
    output.close()
    throw error
  }
}

function pieceMapper(pattern: string, sink: PairSink): EachRecord {
  const expression = re2Pattern(pattern)
  return line => {
    for (const piece of (line as string).split(expression)) if (piece) sink.add(piece, 1)
  }
}

async function moduleMapper({ map }: BatchPlan, sink: PairSink, context: TaskContext): Promise<EachRecord> {
  const module = await context.userModule()
  const ref = map as { readonly module: string; readonly export: string }
  return recordMapper(functionOf(module, 'map', ref), sink, module, ref.export)
}

/** Errors of the function are told apart from ours by where they are caught: the sink throws `UserError`s or system errors. */
function recordMapper(map: MapFunction, sink: PairSink, module: UserModule, name: string): EachRecord {
  return record => {
    let ours = false
    try {
      const pairs = map(record)
      for (const pair of pairs) {
        if (!Array.isArray(pair) || pair.length !== 2) throw wrongPair(name, pair)
        ours = true
        sink.add(pair[0], pair[1])
        ours = false
      }
    } catch (error) {
      if (ours || error instanceof UserError) throw error
      throw blameMap(error, map, record, module, name)
    }
  }
}

const wrongPair = (name: string, pair: unknown): UserError =>
  new UserError(`${name} yields ${shortened(pair)}, not a pair [key, value]`)

/** A result that is no iterable fails in our loop, not in the user's code: then there is no place to name but the function. */
function blameMap(error: unknown, map: MapFunction, record: unknown, { url }: UserModule, name: string): UserError {
  if (error instanceof TypeError && userPlace(error, url) === undefined) {
    let result: unknown
    try {
      result = map(record)
    } catch {
      return blame(error, url)
    }
    return new UserError(`${name} returns ${shortened(result)}, not an iterable of pairs [key, value]`)
  }
  return blame(error, url)
}
