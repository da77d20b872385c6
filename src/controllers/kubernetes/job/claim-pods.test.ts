/** Upstream's TestGetPodsForJob (pkg/controller/job/job_controller_test.go). */
import { expect, test } from 'vitest'
import type { Pod } from '../../../kube/core.ts'
import type { Job } from '../../../kube/workloads.ts'
import { claimPods } from './claim-pods.ts'
import { JOB_TRACKING } from './job-pod.ts'

const job = (metadata: Job['metadata'] = {}): Job => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j', namespace: 'n', uid: 'own', ...metadata } },
  spec: { selector: { matchLabels: { foo: 'bar' } }, template: { spec: { containers: [] } } },
})
const pod = (name: string, owner: string | undefined, foo = 'bar'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...{ name, namespace: 'n', uid: name, labels: { foo } },
    ...(owner && {
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: owner, controller: true }],
      finalizers: [JOB_TRACKING],
    }),
  },
  spec: { containers: [] },
})
const patches = (claimed: ReturnType<typeof claimPods>): readonly unknown[] =>
  claimed.actions.flatMap(action => (action.kind === 'patch' ? [[action.ref.name, action.patch]] : []))

test('only pods with its uid: those of others are left alone', () => {
  const { owned, actions } = claimPods(job(), [pod('a', 'own'), pod('b', 'other')])
  expect([owned.map(({ metadata }) => metadata.name), actions]).toEqual([['a'], []])
})

test('adopts what matches and belongs to nobody, and tracks it from then on', () => {
  const claimed = claimPods(job(), [pod('a', 'own'), pod('b', undefined), pod('c', undefined, 'else')])
  expect(claimed.owned.map(({ metadata }) => metadata.name)).toEqual(['a', 'b'])
  expect(claimed.adopts).toBe(true)
  expect(patches(claimed)).toContainEqual(['b', { metadata: { uid: 'b', finalizers: [JOB_TRACKING] } }])
})

test('no adoption when it is being deleted', () => {
  const { owned, actions } = claimPods(job({ deletionTimestamp: '2026-01-01T00:00:00Z' }), [pod('b', undefined)])
  expect([owned, actions]).toEqual([[], []])
})

test('releases what no longer matches, and its finalizer with it', () => {
  const claimed = claimPods(job(), [pod('a', 'own', 'else')])
  expect(claimed.owned).toEqual([])
  const dropped = { metadata: { uid: 'a', '$deleteFromPrimitiveList/finalizers': [JOB_TRACKING] } }
  expect(patches(claimed)).toContainEqual(['a', dropped])
})
