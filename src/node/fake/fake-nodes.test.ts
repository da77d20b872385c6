import { describe, expect, test } from 'vitest'
import type { Pod } from '../../kube/core.ts'
import { decideFakePod, EXIT_CODE, RUN_SECONDS, START_SECONDS } from './decide-fake-pod.ts'
import { fakeNode, readyStatus } from './fake-node.ts'
import { parseFakeNodes } from './parse-fake-nodes.ts'

const T0 = Date.parse('2026-01-01T00:00:00Z')
const pod = (annotations: Record<string, string> = {}, more: Partial<Pod> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z', annotations },
  spec: { nodeName: 'fake-0', containers: [{ name: 'c', image: 'x' }] },
  ...more,
})
const ofJob = (annotations: Record<string, string> = {}): Pod => {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'j', controller: true }
  const each = pod(annotations)
  return { ...each, metadata: { ...each.metadata, ownerReferences: [owner] } }
}
const decide = (each: Pod, atMs = T0) => decideFakePod(each, atMs, () => '198.18.0.1')

/** Takes the steps until time alone or nothing changes the pod; gives the phases that it went through. */
function run(each: Pod, atMs = T0): readonly unknown[] {
  const phases: unknown[] = []
  for (let now = each; phases.length < 10; ) {
    const step = decide(now, atMs)
    if (step.kind !== 'status') return [...phases, step.kind === 'wait' ? step.untilMs - T0 : step.kind]
    phases.push(step.status.phase)
    now = { ...now, status: { ...now.status, ...step.status } }
  }
  return phases
}

describe('a pod on a fake node', () => {
  test.each([
    { what: 'runs on', given: pod(), phases: ['Running', 'settled'] },
    { what: 'succeeds at once when a Job made it', given: ofJob(), phases: ['Running', 'Succeeded', 'settled'] },
    { what: 'runs as long as it says', given: ofJob({ [RUN_SECONDS]: '30' }), phases: ['Running', 30_000] },
    { what: 'starts when it says', given: pod({ [START_SECONDS]: '2' }), phases: [2000] },
    { what: 'fails as it says', given: ofJob({ [EXIT_CODE]: '3' }), phases: ['Running', 'Failed', 'settled'] },
    { what: 'takes nonsense for nothing', given: pod({ [RUN_SECONDS]: 'soon' }), phases: ['Running', 'settled'] },
  ])('$what', ({ given, phases }) => {
    expect(run(given)).toEqual(phases)
  })

  test('is gone as soon as it is deleted', () => {
    const deleted = pod()
    expect(decide({ ...deleted, metadata: { ...deleted.metadata, deletionTimestamp: 'now' } })).toEqual({
      kind: 'remove',
    })
  })

  test('tells its exit code', () => {
    const status = { phase: 'Running' as const, startTime: '2026-01-01T00:00:00Z' }
    const step = decide({ ...ofJob({ [EXIT_CODE]: '3' }), status })
    expect(step).toMatchObject({
      status: { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 3, reason: 'Error' } } }] },
    })
  })
})

test('a fake node becomes Ready with what it was given', () => {
  const node = fakeNode('fake-0', { cpu: '8' })
  const status = readyStatus(node, T0)
  expect(status?.allocatable).toEqual({ cpu: '8', memory: '256Gi', pods: '110' })
  expect(readyStatus({ ...node, status }, T0)).toBeUndefined()
})

test.each([
  { text: '3', value: { count: 3, capacity: {} } },
  { text: '100:cpu=8,memory=32Gi', value: { count: 100, capacity: { cpu: '8', memory: '32Gi' } } },
  { text: '1:nvidia.com/gpu=8', value: { count: 1, capacity: { 'nvidia.com/gpu': '8' } } },
])('--fake-nodes $text', ({ text, value }) => {
  expect(parseFakeNodes(text)).toEqual({ ok: true, value })
})

test.each([
  { text: 'many', why: 'it does not begin with a number of nodes' },
  { text: '5:cpu', why: '"cpu" is not RESOURCE=QUANTITY' },
  { text: '5:cpu=lots', why: '"cpu=lots" is not RESOURCE=QUANTITY' },
  { text: '1000000', why: 'more than 100000 nodes are not simulated' },
])('--fake-nodes $text is refused', ({ text, why }) => {
  const result = parseFakeNodes(text)
  expect(result.ok ? [] : result.problems.map(problem => problem.why)).toEqual([why])
})
