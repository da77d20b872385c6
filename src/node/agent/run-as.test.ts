import { expect, test } from 'vitest'
import type { Container, Pod, PodSpec } from '../../kube/core.ts'
import { runAs } from './run-as.ts'

const podOf = (securityContext: PodSpec['securityContext']): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [], securityContext },
})

test.each<[PodSpec['securityContext'], Container['securityContext'], string]>([
  [{}, {}, ''],
  [{ runAsUser: 0 }, {}, ''],
  [{ runAsUser: 1000 }, {}, 'setpriv --reuid 1000 --regid 0 --clear-groups --'],
  [{ runAsUser: 1000 }, { runAsUser: 0 }, ''],
  [{ runAsUser: 1000, runAsGroup: 50 }, { runAsUser: 7 }, 'setpriv --reuid 7 --regid 50 --clear-groups --'],
  [{ fsGroup: 9, supplementalGroups: [8] }, { runAsGroup: 5 }, 'setpriv --reuid 0 --regid 5 --groups 8,9 --'],
])('a pod with %j, a container with %j: %s (TestDetermineEffectiveSecurityContext)', (ofPod, own, expected) => {
  expect(runAs(podOf(ofPod), { name: 'c', securityContext: own }, true, 'setpriv').join(' ')).toBe(expected)
})

test('whoever is not root cannot choose', () => {
  expect(runAs(podOf({ runAsUser: 1000 }), { name: 'c' }, false, 'setpriv')).toEqual([])
})
