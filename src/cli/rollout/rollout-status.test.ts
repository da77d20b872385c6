/** The cases of upstream's TestDeploymentStatusViewerStatus, TestDaemonSetStatusViewerStatus and TestStatefulSetStatusViewerStatus. */
import { describe, expect, test } from 'vitest'
import type { UnknownObject } from '../../kube/object.ts'
import { rolloutStatus } from './rollout-status.ts'
import type { RolledKind } from './rollout-target.ts'

const statusOf = (kind: RolledKind, spec: object, status: object, generation = 1) => {
  const { kind: is, text } = rolloutStatus(kind, {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'foo', namespace: 'bar', generation },
    spec,
    status,
  } as UnknownObject)
  return `${is}: ${text}`
}

describe('TestDeploymentStatusViewerStatus', () => {
  test.each([
    [
      { replicas: 1 },
      { observedGeneration: 1, replicas: 1, updatedReplicas: 0, availableReplicas: 1 },
      'under-way: Waiting for deployment "foo" rollout to finish: 0 out of 1 new replicas have been updated...',
    ],
    [
      { replicas: 1 },
      { observedGeneration: 1, replicas: 2, updatedReplicas: 1, availableReplicas: 2 },
      'under-way: Waiting for deployment "foo" rollout to finish: 1 old replicas are pending termination...',
    ],
    [
      { replicas: 2 },
      { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 1 },
      'under-way: Waiting for deployment "foo" rollout to finish: 1 of 2 updated replicas are available...',
    ],
    [
      { replicas: 2 },
      { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
      'done: deployment "foo" successfully rolled out',
    ],
    [
      { replicas: 2 },
      { observedGeneration: 1, conditions: [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded' }] },
      'failed: deployment "foo" exceeded its progress deadline',
    ],
  ])('%o %o', (spec, status, expected) => {
    expect(statusOf('Deployment', spec, status)).toBe(expected)
  })

  test('a declaration that was not looked at yet', () => {
    const status = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }
    expect(statusOf('Deployment', { replicas: 2 }, status, 2)).toBe(
      'under-way: Waiting for deployment spec update to be observed...',
    )
  })
})

describe('TestDaemonSetStatusViewerStatus', () => {
  const rolling = { updateStrategy: { type: 'RollingUpdate' } }
  test.each([
    [
      rolling,
      { observedGeneration: 1, updatedNumberScheduled: 0, desiredNumberScheduled: 1, numberAvailable: 0 },
      'under-way: Waiting for daemon set "foo" rollout to finish: 0 out of 1 new pods have been updated...',
    ],
    [
      rolling,
      { observedGeneration: 1, updatedNumberScheduled: 2, desiredNumberScheduled: 2, numberAvailable: 1 },
      'under-way: Waiting for daemon set "foo" rollout to finish: 1 of 2 updated pods are available...',
    ],
    [
      rolling,
      { observedGeneration: 1, updatedNumberScheduled: 2, desiredNumberScheduled: 2, numberAvailable: 2 },
      'done: daemon set "foo" successfully rolled out',
    ],
    [
      { updateStrategy: { type: 'OnDelete' } },
      {},
      'failed: rollout status is only available for RollingUpdate strategy type',
    ],
  ])('%o %o', (spec, status, expected) => {
    expect(statusOf('DaemonSet', spec, status)).toBe(expected)
  })
})

describe('TestStatefulSetStatusViewerStatus', () => {
  const rolling = (partition?: number) => ({
    replicas: 3,
    updateStrategy: { type: 'RollingUpdate', ...(partition ? { rollingUpdate: { partition } } : {}) },
  })
  test.each([
    [
      { replicas: 1, updateStrategy: { type: 'OnDelete' } },
      { observedGeneration: 1 },
      'failed: rollout status is only available for RollingUpdate strategy type',
    ],
    [
      rolling(),
      { observedGeneration: 1, readyReplicas: 1, currentReplicas: 3 },
      'under-way: Waiting for 2 pods to be ready...',
    ],
    [
      rolling(2),
      { observedGeneration: 1, readyReplicas: 3, updatedReplicas: 0 },
      'under-way: Waiting for partitioned roll out to finish: 0 out of 1 new pods have been updated...',
    ],
    [
      rolling(2),
      { observedGeneration: 1, readyReplicas: 3, updatedReplicas: 1 },
      'done: partitioned roll out complete: 1 new pods have been updated...',
    ],
    [
      rolling(),
      { observedGeneration: 1, readyReplicas: 3, updatedReplicas: 2, currentRevision: 'foo', updateRevision: 'bar' },
      'under-way: waiting for statefulset rolling update to complete 2 pods at revision bar...',
    ],
    [
      rolling(),
      { observedGeneration: 1, readyReplicas: 3, currentReplicas: 3, currentRevision: 'foo', updateRevision: 'foo' },
      'done: statefulset rolling update complete 3 pods at revision foo...',
    ],
  ])('%o %o', (spec, status, expected) => {
    expect(statusOf('StatefulSet', spec, status)).toBe(expected)
  })
})
