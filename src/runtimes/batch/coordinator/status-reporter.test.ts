/** An API that fails, or is slow, never fails the job: the last word arrives all the same. */
import { expect, test } from 'vitest'
import type { KubeApi } from '../../../client/kube-api.ts'
import { ApiError, type Status } from '../../../kube/status.ts'
import { JobState } from './job-state.ts'
import { statusOf } from './job-status.ts'
import { StatusReporter } from './status-reporter.ts'

const status = (code: number): Status => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code })

/** The two verbs that a reporter uses; answers with each of `answers` in turn, then with success. */
function apiThat(...answers: readonly (number | 'unreachable')[]) {
  const patches: unknown[] = []
  const left = [...answers]
  const api: Pick<KubeApi, 'get' | 'patch'> = {
    async get() {
      return { status: { conditions: [{ type: 'Planned', status: 'True' }] } } as never
    },
    async patch(_ref, _type, patch) {
      const answer = left.shift()
      if (answer === 'unreachable') throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
      if (answer !== undefined) throw new ApiError(status(answer))
      patches.push(patch)
      return {} as never
    },
  }
  return { connect: () => ({ ...api, close() {} }) as KubeApi & { close(): void }, patches }
}

const job = { name: 'n', namespace: 'default' }

test('the last word is told until the API takes it, beside the conditions that others wrote', async () => {
  const { connect, patches } = apiThat('unreachable', 500)
  const failed = { type: 'Failed', status: 'True', reason: 'TaskFailed', lastTransitionTime: 'now' } as const
  await new StatusReporter(connect, job).conclude({ phase: 'Failed' }, failed)
  expect(patches).toEqual([
    {
      status: {
        phase: 'Failed',
        conditions: [{ type: 'Planned', status: 'True' }, failed],
        completionTime: 'now',
      },
    },
  ])
})

test('a job that is gone needs no last word', async () => {
  const { connect, patches } = apiThat(404)
  await new StatusReporter(connect, job).conclude({ phase: 'Succeeded' }, undefined)
  expect(patches).toEqual([])
})

test('reports that come together are told once, the newest', async () => {
  const { connect, patches } = apiThat()
  const reporter = new StatusReporter(connect, job)
  for (let pendingTasks = 9; pendingTasks >= 0; pendingTasks--) reporter.report({ phase: 'Running', pendingTasks })
  await reporter.conclude({ phase: 'Succeeded' }, undefined)
  expect(patches.length).toBeLessThanOrEqual(3)
  expect(patches.at(-1)).toEqual({ status: { phase: 'Succeeded' } })
})

test('progress counts bytes of finished tasks and of those under way', () => {
  const state = new JobState([100, 50], 2)
  state.join('a', undefined, 0)
  state.assign('a', 0)
  state.progress('a', 30)
  expect(statusOf(state, { map: { start: 0 }, reduce: {} }, undefined)).toEqual({
    phase: 'Running',
    stages: [
      {
        name: 'map',
        tasks: 2,
        running: 1,
        done: 0,
        retried: 0,
        bytes: 150,
        bytesDone: 30,
        startTime: '1970-01-01T00:00:00Z',
      },
      { name: 'reduce', tasks: 2, running: 0, done: 0, retried: 0, bytes: 0, bytesDone: 0 },
    ],
    pendingTasks: 1,
  })
})
