/**
 * The table as PyTorch's `torch.distributed.pipelining` reads it (`_PipelineScheduleRuntime._load_csv`, format `compute_only`): a line
 * a rank, a cell an action: stage, kind, micro-batch (`0F0`, `3B1`, `2I0`, `2W0`), a pair as `(0F4;7B1)OVERLAP_F_B`. PyTorch adds
 * sends, receives and FSDP's unsharding itself. So what was simulated is what runs.
 */
import { fail, ok, type Problem, type Result } from '../../base/problem.ts'
import type { ScheduleName } from '../training/layout.ts'
import { ACTION_KINDS, type Action, type ActionKind, type Schedule, stepsOf } from './action.ts'
import { Lane } from './lane.ts'
import { tryTabulate } from './table.ts'

export function toTorchTable(schedule: Schedule): Result<string> {
  if (schedule.numStages !== schedule.depth)
    return fail({
      field: '',
      what: `${schedule.name} has no table for PyTorch`,
      why: 'there a stage lies on one rank, and here on two, one for each direction',
      fix: 'Use dualpipev, which runs the same order on half the ranks.',
    })
  const cell = ({ stage, kind, microBatch }: Action): string => `${stage}${kind}${microBatch}`
  const lines = Array.from({ length: schedule.pipeline }, (_, rank) =>
    stepsOf(schedule, rank)
      .map(step => ('kind' in step ? cell(step) : `(${step.map(cell).join(';')})OVERLAP_F_B`))
      .join(','),
  )
  return ok(`${lines.join('\n')}\n`)
}

/** Actions that move data, which PyTorch adds and a dump of its own may hold. */
const COMMUNICATION = /^\d+(UNSHARD|RESHARD|(WAIT_)?(REDUCE_GRAD|SEND_F|SEND_B)|RECV_F|RECV_B)\d*$/
const COMPUTE = /^(\d+)([FBIW])(\d+)$/
const PAIR = /^\(([^;)]+);([^;)]+)\)OVERLAP_F_B$/

/** The other way; `name` says which of our schedules the table stands for. What is wrong with it is told by line and cell. */
export function readTorchTable(text: string, name: ScheduleName): Result<Schedule> {
  const lines = text.split(/\r?\n/)
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop()
  if (lines.length === 0)
    return fail({ field: '', what: 'the table is empty', fix: 'Give a line of actions for each rank.' })
  const problems: Problem[] = []
  const ranks = lines.map((line, rank) =>
    line.split(',').flatMap((cell, column) => {
      const step = readCell(cell.trim())
      if (step) return [step]
      problems.push({
        field: `[${rank}][${column}]`,
        what: `is ${JSON.stringify(cell.trim())}`,
        why: 'a cell is a stage, one of F, B, I and W, and a micro-batch',
        fix: 'Write it like 0F0.',
      })
      return []
    }),
  )
  return problems.length > 0 ? fail(...problems) : tabulateRanks(ranks, name)
}

/** Empty for an idle or communicating step; undefined if it is no step at all. */
function readCell(cell: string): readonly Action[] | undefined {
  if (cell === '' || COMMUNICATION.test(cell)) return []
  const pair = PAIR.exec(cell)
  if (!pair) {
    const action = readAction(cell)
    return action && [action]
  }
  const [first, second] = [readAction(pair[1]!), readAction(pair[2]!)]
  return first && second && [first, second]
}

function readAction(text: string): Action | undefined {
  const match = COMPUTE.exec(text.trim())
  return match ? { stage: Number(match[1]), kind: match[2] as ActionKind, microBatch: Number(match[3]) } : undefined
}

function tabulateRanks(ranks: readonly (readonly (readonly Action[])[])[], name: ScheduleName): Result<Schedule> {
  const actions = ranks.flat(2)
  const depth = actions.reduce((most, { stage }) => Math.max(most, stage + 1), 0)
  const microBatches = actions.reduce((most, { microBatch }) => Math.max(most, microBatch + 1), 0)
  if (depth === 0 || depth % ranks.length !== 0)
    return fail({
      field: '',
      what: `has ${depth} stages on ${ranks.length} ranks`,
      why: 'every rank holds as many stages as any other',
      fix: 'Give a line of actions for each rank.',
    })
  const rankOfStage = new Int32Array(depth)
  const lanes = ranks.map((steps, rank) => {
    const lane = new Lane(microBatches)
    for (const step of steps) {
      if (step.length === 2) lane.pairNext()
      for (const { kind, stage, microBatch } of step) {
        rankOfStage[stage] = rank
        lane.add(ACTION_KINDS.indexOf(kind), stage, microBatch)
      }
    }
    return lane
  })
  const shape = { pipeline: ranks.length, chunks: depth / ranks.length, microBatches }
  const table = tryTabulate(name, shape, lanes, { depth, rankOfStage })
  if (table.ok) return ok(table.schedule)
  return fail({
    field: '',
    what: 'cannot run',
    why: table.because,
    fix: 'Correct the table, or leave it out to have it planned.',
  })
}
