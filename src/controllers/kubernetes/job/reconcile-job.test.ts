import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Job } from '../../../kube/workloads.ts'
import { isTrue } from '../../runtime/conditions.ts'
import { NO_BACK_OFF } from './back-off.ts'
import { isFinished } from './conditions.ts'
import { countIndexes, hasIndex, parseIndexes } from './indexes.ts'
import { completionIndexOf } from './job-pod.ts'
import { World } from './job-world.ts'
import { reconcileJob } from './reconcile-job.ts'
import { tallyPods } from './tally.ts'

const MINUTE = 60_000

const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('reconcile' as const), count: fc.constantFrom(1, 2, 3, 100) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('phase' as const),
      pick: fc.nat(100),
      phase: fc.constantFrom('Running' as const, 'Succeeded' as const, 'Succeeded' as const, 'Failed' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), pick: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const) }) },
)
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

function happen(world: World, event: Happening): void {
  const running = [...world.pods.values()].filter(
    ({ status }) => status?.phase === 'Pending' || status?.phase === 'Running',
  )
  switch (event.kind) {
    case 'reconcile':
      world.step(event.count)
      return
    case 'phase':
      if (running.length > 0) world.setPhase(running[event.pick % running.length]!.metadata.uid!, event.phase)
      return
    case 'delete':
      if (running.length > 0) world.deletePod(running[event.pick % running.length]!.metadata.uid!)
      return
    case 'restart':
      world.restart()
      return
    case 'wait':
      world.now += 10 * MINUTE
  }
}

/** Until the Job is over, with pods that all succeed from now on. */
function finish(world: World): void {
  for (let i = 0; i < 200 && !isFinished(world.job); i++) {
    world.step()
    for (const pod of world.pods.values()) world.setPhase(pod.metadata.uid!, 'Succeeded')
    world.now += 10 * MINUTE
  }
  world.settle()
}

const shape = fc.record({
  completions: fc.integer({ min: 0, max: 7 }),
  parallelism: fc.integer({ min: 1, max: 4 }),
  backoffLimit: fc.integer({ min: 0, max: 4 }),
  completionMode: fc.constantFrom('NonIndexed' as const, 'Indexed' as const),
})

describe('over random histories of pods that run, fail, are deleted, and a controller that crashes', () => {
  test('there are never more active pods than parallelism, nor two for one index', () => {
    fc.assert(
      fc.property(shape, fc.array(happening, { maxLength: 80 }), (spec, history) => {
        const world = new World(spec)
        for (const event of history) {
          happen(world, event)
          expect(world.active.length).toBeLessThanOrEqual(spec.parallelism)
          if (spec.completionMode === 'NonIndexed') continue
          const indexes = world.active.map(completionIndexOf)
          expect(new Set(indexes).size).toBe(indexes.length)
          for (const index of indexes) expect(index).toBeLessThan(spec.completions)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('every end of a pod is counted once, whoever deletes pods and whenever the controller crashes', () => {
    fc.assert(
      fc.property(shape, fc.array(happening, { maxLength: 80 }), (spec, history) => {
        const world = new World(spec)
        for (const event of history) happen(world, event)
        finish(world)
        const { succeeded = 0, failed = 0, uncountedTerminatedPods, active = 0 } = world.job.status ?? {}
        const ends = [...world.ends.values()]
        expect(active).toBe(0)
        expect(uncountedTerminatedPods).toEqual({})
        const numEnds = (phase: string): number => ends.filter(end => end.phase === phase).length
        const isIndexed = spec.completionMode === 'Indexed'
        expect(failed).toBeGreaterThanOrEqual(numEnds('Failed'))
        expect(failed).toBeLessThanOrEqual(numEnds('Failed') + numEnds('either'))
        // Two pods of one index never both succeed, since the second is not made.
        expect(succeeded + failed).toBe(ends.length)
        if (isIndexed) expect(countIndexes(parseIndexes(world.job.status?.completedIndexes))).toBe(succeeded)
        expect([...world.pods.values()].flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('it completes with exactly its completions, or fails with more failures than its backoffLimit', () => {
    fc.assert(
      fc.property(shape, fc.array(happening, { maxLength: 80 }), (spec, history) => {
        const world = new World(spec)
        for (const event of history) happen(world, event)
        finish(world)
        const { succeeded = 0, failed = 0 } = world.job.status ?? {}
        if (isTrue(world.job, 'Complete')) {
          expect(succeeded).toBe(spec.completions)
          expect(failed).toBeLessThanOrEqual(spec.backoffLimit)
          expect(isTrue(world.job, 'SuccessCriteriaMet')).toBe(true)
        } else {
          expect(isTrue(world.job, 'Failed') && isTrue(world.job, 'FailureTarget')).toBe(true)
          expect(failed).toBeGreaterThan(spec.backoffLimit)
        }
        expect(world.step()).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('an index fails after its own limit, and the others go on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 2 }),
        fc.array(happening, { maxLength: 60 }),
        (completions, limit, history) => {
          const spec = {
            completions,
            parallelism: 3,
            completionMode: 'Indexed' as const,
            backoffLimit: 1000,
            backoffLimitPerIndex: limit,
          }
          const world = new World(spec)
          for (const event of history) happen(world, event)
          finish(world)
          const failures = new Map<number, number>()
          for (const { phase, index } of world.ends.values()) {
            if (phase === 'Failed') failures.set(index!, (failures.get(index!) ?? 0) + 1)
          }
          const failedIndexes = parseIndexes(world.job.status?.failedIndexes)
          for (const [index, count] of failures) if (count > limit) expect(hasIndex(failedIndexes, index)).toBe(true)
          expect(isTrue(world.job, failedIndexes.length > 0 ? 'Failed' : 'Complete')).toBe(true)
          for (const count of failures.values()) expect(count).toBeLessThanOrEqual(limit + 1)
        },
      ),
      { numRuns: 200 },
    )
  })
})

const podIn = (world: World, index: number): string =>
  world.active.find(pod => completionIndexOf(pod) === index)!.metadata.uid!

test('a failed pod is replaced after 10 s, then after 20 s; a success brings the wait back to none', () => {
  const world = new World({ completionMode: 'Indexed', completions: 3, parallelism: 3 })
  world.settle()
  world.setPhase(podIn(world, 1), 'Failed')
  world.settle()
  expect(world.active.length).toBe(2)
  expect(world.decide()).toContainEqual({ kind: 'wake', afterMs: 10_000 })
  world.now += 10_000
  world.settle()
  expect(world.active.length).toBe(3)
  world.setPhase(podIn(world, 1), 'Failed')
  world.settle()
  expect(world.decide()).toContainEqual({ kind: 'wake', afterMs: 20_000 })
  world.setPhase(podIn(world, 0), 'Succeeded')
  world.settle()
  expect(world.active.length).toBe(2)
})

test('with restartPolicy OnFailure restarts of containers count against backoffLimit', () => {
  const template = { spec: { containers: [{ name: 'c' }], restartPolicy: 'OnFailure' as const } }
  const world = new World({ completions: 1, parallelism: 1, backoffLimit: 2, template })
  world.settle()
  const [pod] = world.active
  const restarted = (restartCount: number): void => {
    const containerStatuses = [{ name: 'c', ready: true, restartCount, image: '', imageID: '' }]
    world.pods.set(pod!.metadata.uid!, { ...pod!, status: { phase: 'Running', containerStatuses } })
    world.settle()
  }
  restarted(1)
  expect(isTrue(world.job, 'FailureTarget')).toBe(false)
  restarted(2)
  expect(world.job.status?.conditions?.find(({ type }) => type === 'FailureTarget')?.reason).toBe(
    'BackoffLimitExceeded',
  )
})

test('a Job that runs longer than activeDeadlineSeconds fails; while suspended its clock stands still', () => {
  const world = new World({ completions: 1, parallelism: 1, activeDeadlineSeconds: 60 })
  world.settle()
  world.job = { ...world.job, spec: { ...world.job.spec, suspend: true } }
  world.settle()
  expect(world.active).toEqual([])
  expect(world.job.status?.startTime).toBeUndefined()
  world.now += 10 * MINUTE
  world.job = { ...world.job, spec: { ...world.job.spec, suspend: false } }
  world.settle()
  expect(isTrue(world.job, 'FailureTarget')).toBe(false)
  expect(world.decide()).toContainEqual({ kind: 'wake', afterMs: 60_000 })
  world.now += MINUTE
  world.settle()
  expect(isTrue(world.job, 'Failed')).toBe(true)
  expect(world.job.status?.conditions?.find(({ type }) => type === 'Failed')?.reason).toBe('DeadlineExceeded')
})

test('pods that a Job gives up when it is suspended or made narrower are not failures', () => {
  const world = new World({ completionMode: 'Indexed', completions: 4, parallelism: 4 })
  world.settle()
  world.job = { ...world.job, spec: { ...world.job.spec, parallelism: 2, completions: 2 } }
  world.settle()
  expect(world.active.map(completionIndexOf).sort()).toEqual([0, 1])
  world.job = { ...world.job, spec: { ...world.job.spec, suspend: true } }
  world.settle()
  expect(world.active).toEqual([])
  expect(world.job.status?.failed).toBeUndefined()
})

test('with podReplacementPolicy Failed a replacement waits until the old pod is gone', () => {
  const world = new World({ completions: 1, parallelism: 1, podReplacementPolicy: 'Failed' })
  world.settle()
  const [old] = world.active
  world.setPhase(old!.metadata.uid!, 'Running')
  world.deletePod(old!.metadata.uid!)
  world.settle()
  expect(world.active).toEqual([])
  world.setPhase(old!.metadata.uid!, 'Failed')
  world.settle()
  world.now += MINUTE
  world.settle()
  expect(world.active.length).toBe(1)
})

test('a Job without completions is done when one pod succeeded and the others ended', () => {
  const world = new World({ parallelism: 3 })
  world.settle()
  const [a, b, c] = world.active
  world.setPhase(a!.metadata.uid!, 'Succeeded')
  world.settle()
  expect(world.active.length).toBe(2)
  expect(isFinished(world.job)).toBe(false)
  for (const pod of [b, c]) world.setPhase(pod!.metadata.uid!, 'Succeeded')
  world.settle()
  expect(isTrue(world.job, 'Complete')).toBe(true)
  expect(world.job.status?.succeeded).toBe(3)
})

test('pods that the API refused to make are not counted as active', () => {
  const world = new World({ completions: 2, parallelism: 2 })
  const tally = tallyPods(world.job, [])
  const active = (isRefused: boolean): number | undefined =>
    reconcileJob({ job: world.job, pods: [], tally, backOff: NO_BACK_OFF, isRefused }, world.now).flatMap(action =>
      action.kind === 'update-status' ? [(action.object as Job).status?.active] : [],
    )[0]
  expect([active(false), active(true)]).toEqual([2, undefined])
})
