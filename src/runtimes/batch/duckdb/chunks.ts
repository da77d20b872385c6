/** The chunks of a split as the view `input`, one after the other; what fails in one is told with its place. */
import type { Split } from '../../../planner/batch/plan.ts'
import { UserError } from '../failure.ts'
import { lineNumberAt } from '../input/line-number.ts'
import type { TaskContext } from '../worker/task-context.ts'
import type { Engine } from './engine.ts'
import { type Field, fieldsOf, viewJson, viewParquet, viewText } from './input-view.ts'
import { type Spool, spoolSplit } from './spool.ts'
import type { TextTraits } from './sql.ts'

/** How much of the first file decides the fields of JSON lines, the same for every task of a job. */
const SAMPLE_BYTES = 4 * 1024 * 1024

export async function forEachChunk(
  split: Split,
  engine: Engine,
  context: TaskContext,
  each: (traits: TextTraits) => Promise<void>,
): Promise<void> {
  const { format } = context.plan.input
  if (format === 'parquet') {
    for (const { uri, start, end } of split.pieces) {
      await viewParquet(engine, uri)
      await placed(() => each({ onlyBlanks: false }), uri)
      await context.onProgress(end - start)
    }
    return
  }
  const fields = format === 'jsonl' ? await sampledFields(engine, context) : undefined
  for await (const spool of spoolSplit(split, context.taskFolder, format === 'jsonl')) {
    try {
      if (fields) await viewJson(engine, spool, fields)
      else await viewText(engine, spool)
      await placed(() => each(spool), spool.from.uri, spool)
    } finally {
      spool.release()
    }
    await context.onProgress(spool.bytes)
  }
}

/** DuckDB names lines of the spool; people know those of the input. */
async function placed(run: () => Promise<void>, uri: string, spool?: Spool): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const line = /\b[Ll]ine:? (\d+)/.exec(error.message)
    if (!line || !spool) throw error.at({ record: uri })
    const first = await lineNumberAt(spool.from.uri, spool.from.offset)
    const message = error.message.replace(/ in file "[^"]*"/, '').replace(/, at byte \d+ in line \d+/, '')
    throw new UserError(message, { record: `${uri}:${first + Number(line[1]) - 1}` }, { cause: error })
  }
}

let sampled: Promise<readonly Field[]> | undefined

function sampledFields(engine: Engine, context: TaskContext): Promise<readonly Field[]> {
  sampled ??= sampleFields(engine, context)
  return sampled
}

async function sampleFields(engine: Engine, { plan, taskFolder }: TaskContext): Promise<readonly Field[]> {
  for (const { uri, bytes } of plan.input.files) {
    if (bytes === 0) continue
    const split = { id: -1, bytes, pieces: [{ uri, start: 0, end: Math.min(bytes, SAMPLE_BYTES) }] }
    for await (const spool of spoolSplit(split, taskFolder, true)) {
      try {
        return await fieldsOf(engine, spool.lines!)
      } finally {
        spool.release()
      }
    }
  }
  return []
}
