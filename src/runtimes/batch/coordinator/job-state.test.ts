/** Safety of the coordinator's decisions over random histories: whatever workers do, tasks are neither lost nor handed out twice for nothing. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MapOutput, ReduceOutput } from '../protocol.ts'
import { type Assignment, JobState } from './job-state.ts'

const mapOutput = (split: number): MapOutput => ({
  split,
  base: `/m${split}`,
  address: '',
  segments: [],
  pairs: 1,
  bytesRead: 1,
})
const reduceOutput = (partition: number): ReduceOutput => ({ partition, stagedPath: '', rows: 1, bytes: 1 })

const WORKERS = ['a', 'b', 'c']
const step = fc.record({
  worker: fc.constantFrom(...WORKERS),
  event: fc.constantFrom('finish', 'finish', 'finish', 'die', 'lose', 'fail'),
  keepsFiles: fc.boolean(),
})

test('a job ends with every partition reduced once, or with four failures of one task', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 0, max: 6 }), (steps, splits) => {
      const state = new JobState(
        Array.from({ length: splits }, () => 1),
        3,
      )
      const held = new Map<string, Assignment>()
      let now = 0
      const finish = (worker: string, { stage, index }: Assignment): void => {
        if (stage === 'map') state.finishMap(worker, mapOutput(index), now)
        else state.finishReduce(worker, reduceOutput(index), now)
        held.delete(worker)
      }
      const handOut = (): void => {
        for (const worker of WORKERS) {
          if (!state.workers.has(worker)) state.join(worker, undefined, now)
          const next = state.assign(worker, now)
          if (!next) continue
          const others = [...held.values()].filter(each => each.stage === next.stage && each.index === next.index)
          expect(others.length, 'a second attempt only of a late task').toBeLessThanOrEqual(1)
          if (next.stage === 'reduce') expect(state.outputs.every(output => output !== undefined)).toBe(true)
          held.set(worker, next)
        }
      }
      for (const { worker, event, keepsFiles } of steps) {
        now += 100
        handOut()
        const task = held.get(worker)
        if (event === 'die') {
          state.leave(worker, now, () => keepsFiles)
          held.delete(worker)
        } else if (task && event === 'finish') finish(worker, task)
        else if (task) {
          const failure =
            event === 'lose' && task.stage === 'reduce'
              ? ({ kind: 'lost', message: '', splits: splits > 0 ? [0] : [] } as const)
              : ({ kind: 'retryable', message: 'the disk is full' } as const)
          state.fail(worker, task, failure, now)
          held.delete(worker)
        }
      }
      // From here on nothing breaks: the job must come to its end.
      for (let turn = 0; turn < 200 && !state.isDone && !state.failure; turn++) {
        now += 10_000
        handOut()
        for (const [worker, task] of held) finish(worker, task)
      }
      if (state.failure) {
        expect(state.failure.reason).toBe('TaskFailed')
        expect([...state.maps, ...state.reduces].some(task => task.failures === 4)).toBe(true)
      } else {
        expect(state.isDone).toBe(true)
        expect(state.committed.map(output => output?.partition)).toEqual([0, 1, 2])
        expect(state.pendingTasks).toBe(0)
      }
    }),
    { numRuns: 300 },
  )
})

test('a failed task waits longer each time, and the fourth failure ends the job with the reason', () => {
  const state = new JobState([1], 1)
  let now = 0
  const waits: number[] = []
  for (let failures = 0; failures < 4; failures++) {
    state.join('a', undefined, now)
    expect(state.assign('a', now)?.attempt).toBe(failures)
    state.fail('a', { stage: 'map', index: 0 }, { kind: 'retryable', message: 'the disk is full' }, now)
    const wake = state.wakeAt(now)
    if (wake === undefined || state.failure) break
    waits.push(wake - now)
    now = wake
  }
  expect(waits).toEqual([250, 500, 1000])
  expect(state.failure).toEqual({
    reason: 'TaskFailed',
    message: 'map task 0 failed 4 times, the last time because the disk is full',
  })
})

test('a user’s error ends the job at once', () => {
  const state = new JobState([1, 1], 1)
  state.join('a', undefined, 0)
  state.assign('a', 0)
  state.fail('a', { stage: 'map', index: 0 }, { kind: 'user', message: 'no', record: 'file:///a.txt:3' }, 0)
  expect(state.failure).toEqual({ reason: 'UserError', message: 'no', place: undefined, record: 'file:///a.txt:3' })
  state.join('b', undefined, 0)
  expect(state.assign('b', 0)).toBeUndefined()
})

test('a late task gets a second attempt, and the first to finish counts', () => {
  const state = new JobState([1, 1, 1], 1)
  for (const worker of ['a', 'b']) state.join(worker, undefined, 0)
  expect(state.assign('a', 0)?.index).toBe(0)
  expect(state.assign('b', 0)?.index).toBe(1)
  state.finishMap('b', mapOutput(1), 1_000)
  state.assign('b', 1_000)
  state.finishMap('b', mapOutput(2), 2_000)
  expect(state.assign('b', 2_500)).toBeUndefined()
  expect(state.assign('b', 3_500)).toMatchObject({ stage: 'map', index: 0 })
  expect(state.finishMap('b', mapOutput(0), 4_000)).toBe(true)
  expect(state.finishMap('a', mapOutput(0), 4_500)).toBe(false)
  expect(state.stage).toBe('reduce')
})

test('keys of two types in two tasks end the job', () => {
  const state = new JobState([1, 1], 1)
  state.addOutput({ ...mapOutput(0), keyType: 'string' })
  state.addOutput({ ...mapOutput(1), keyType: 'integer' })
  expect(state.failure?.message).toBe('some keys are of type string, some integer: a column has one type')
})
