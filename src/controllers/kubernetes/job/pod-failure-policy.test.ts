/** Cases of TestMatchPodFailurePolicy (pkg/controller/job/pod_failure_policy_test.go). */
import { expect, test } from 'vitest'
import type { Pod } from '../../../kube/core.ts'
import type { PodFailurePolicyRule } from '../../../kube/workloads.ts'
import { rulingOn } from './pod-failure-policy.ts'

type Rule = PodFailurePolicyRule
const codes = (action: string, operator: string, ...values: number[]): Rule =>
  ({ action, onExitCodes: { operator, values } }) as Rule
const disrupted = (action: string, status = 'True'): Rule =>
  ({ action, onPodConditions: [{ type: 'DisruptionTarget', status }] }) as Rule

const container = (name: string, exitCode?: number) => ({
  ...{ name, ready: false, restartCount: 0, image: '', imageID: '' },
  ...(exitCode === undefined ? {} : { state: { terminated: { exitCode } } }),
})
const podOf = (status: Pod['status']): Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name: 'mypod' } },
  spec: { containers: [] },
  status: { phase: 'Failed', ...status },
})
const exited = (...exitCodes: number[]): Pod =>
  podOf({ containerStatuses: exitCodes.map((code, i) => container(i === 0 ? 'main-container' : 'other', code)) })
const condition = (status: 'True' | 'False' | 'Unknown'): Pod =>
  podOf({ conditions: [{ type: 'DisruptionTarget', status }] })

const failsJob = (what: string, index: number) => ({
  action: 'FailJob',
  isCounted: true,
  failsJob: `${what} matching FailJob rule at index ${index}`,
})
const main = (code: number): string => `Container main-container for pod default/mypod failed with exit code ${code}`
const counted = { isCounted: true }
const by = (action: string) => ({ action, isCounted: action !== 'Ignore' })

test.each([
  ['no policy rules', [], exited(2), counted],
  [
    'an operator that nobody knows matches nothing here',
    [codes('Ignore', 'In', 9), codes('FailJob', 'In', 2, 3)],
    exited(2),
    failsJob(main(2), 1),
  ],
  ['Ignore by exit code', [codes('Ignore', 'In', 1, 2, 3)], exited(2), by('Ignore')],
  [
    'Ignore by negative exit codes (Windows)',
    [codes('Ignore', 'In', -1073741676, -1073741510)],
    exited(-1073741510),
    by('Ignore'),
  ],
  ['FailJob by exit code', [codes('FailJob', 'In', 1, 2, 3)], exited(2), failsJob(main(2), 0)],
  [
    'containers that succeeded are skipped',
    [codes('FailJob', 'NotIn', 111)],
    podOf({
      initContainerStatuses: [container('init', 0)],
      containerStatuses: [container('main-container', 111), container('support', 0)],
    }),
    counted,
  ],
  ['FailIndex by exit code', [codes('FailIndex', 'In', 1, 2, 3)], exited(2), by('FailIndex')],
  ['NotIn 0', [codes('FailJob', 'NotIn', 0)], exited(1, 0), failsJob(main(1), 0)],
  [
    'the second rule',
    [codes('Count', 'In', 1, 2, 3), codes('FailJob', 'In', 4, 5, 6)],
    exited(6),
    failsJob(main(6), 1),
  ],
  [
    'Count; a container without an end is passed over',
    [codes('Count', 'In', 1, 2, 3)],
    podOf({ containerStatuses: [container('foo'), container('bar', 2)] }),
    by('Count'),
  ],
  ['FailIndex by condition', [disrupted('FailIndex')], condition('True'), by('FailIndex')],
  ['Ignore by condition', [disrupted('Ignore')], condition('True'), by('Ignore')],
  ['Ignore by a condition that is False', [disrupted('Ignore', 'False')], condition('False'), by('Ignore')],
  ['Ignore by a condition that is Unknown', [disrupted('Ignore', 'Unknown')], condition('Unknown'), by('Ignore')],
  ['False in the rule, True in the pod', [disrupted('Ignore', 'False')], condition('True'), counted],
  ['True in the rule, False in the pod', [disrupted('Ignore', 'True')], condition('False'), counted],
  [
    'FailJob by condition',
    [disrupted('FailJob')],
    condition('True'),
    failsJob('Pod default/mypod has condition DisruptionTarget', 0),
  ],
  ['Count by condition', [disrupted('Count')], condition('True'), by('Count')],
  [
    'the first of many rules that match',
    [
      codes('Count', 'NotIn', 8),
      codes('Ignore', 'In', 1, 2, 3),
      codes('FailJob', 'NotIn', 5, 6, 7),
      disrupted('Ignore'),
    ],
    exited(32),
    by('Count'),
  ],
  [
    'containerName restricts a rule',
    [{ ...codes('Ignore', 'In', 5), onExitCodes: { containerName: 'other', operator: 'In', values: [5] } } as Rule],
    exited(5),
    counted,
  ],
  [
    'an init container that failed',
    [codes('FailIndex', 'In', 7)],
    podOf({ initContainerStatuses: [container('init', 7)] }),
    by('FailIndex'),
  ],
] as const)('%s', (_, rules, pod, expected) => {
  expect(rulingOn(pod, { rules })).toEqual(expected)
})
