/** Which pods may have their mounts, sentence by sentence. */
import { expect, test } from 'vitest'
import type { Container, Pod, Volume } from '../../kube/core.ts'
import { SERVICE_ACCOUNT_DIR } from '../../kube/names.ts'
import { admit, mountsNeeded } from './admit.ts'

const VOLUMES: readonly Volume[] = [
  { name: 'data', emptyDir: {} },
  { name: 'other', emptyDir: {} },
  { name: 'api', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
]
const podOf = (...containers: readonly Partial<Container>[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { volumes: VOLUMES, containers: containers.map((part, i) => ({ name: `c${i}`, ...part })) },
})
const DATA = { name: 'data', mountPath: '/data' }

test.each<[string, Partial<Container>]>([
  ['its token alone', { command: ['node', 'x.js'], volumeMounts: [{ name: 'api', mountPath: SERVICE_ACCOUNT_DIR }] }],
  ['its token elsewhere', { command: ['node', 'x.js'], volumeMounts: [{ name: 'api', mountPath: '/tokens' }] }],
  ['our own worker', { command: ['solvent-batch', 'worker'], volumeMounts: [DATA] }],
  ['our own worker by its path', { command: ['/opt/bin/solvent-batch'], args: ['worker'], volumeMounts: [DATA] }],
  [
    'our launcher',
    {
      command: ['/bin/sh', '-c', 'exec /bin/sh "$SOLVENT_ROOT/etc/solvent/plan/launcher.sh" "$@"', 'launcher'],
      volumeMounts: [DATA],
    },
  ],
  ['no mount', { command: ['node', 'x.js'] }],
])('without mount namespaces a container with %s may run', (_, container) => {
  expect(admit(podOf(container), 'none')).toBeUndefined()
})

test('without mount namespaces any other container with a mount is refused, with the way out', () => {
  expect(admit(podOf({ command: ['node', 'x.js'], volumeMounts: [DATA] }), 'none')).toBe(
    'container c0 mounts volume data at /data, but this machine allows no mount namespaces; its files would lie at $SOLVENT_ROOT/data. ' +
      'Run solvent as root or allow unprivileged user namespaces.',
  )
  expect(admit(podOf({ command: ['node', 'x.js'], volumeMounts: [DATA] }), 'mount')).toBeUndefined()
})

test('two volumes at one path are refused: a pod has one file system', () => {
  const pod = podOf({ volumeMounts: [DATA] }, { volumeMounts: [{ name: 'other', mountPath: '/data/' }] })
  expect(admit(pod, 'full')).toBe(
    'containers c0 and c1 mount different volumes at /data, but the containers of a pod share one file system in the embedded cluster. ' +
      'Mount them at different paths.',
  )
  expect(admit(podOf({ volumeMounts: [DATA] }, { volumeMounts: [DATA] }), 'full')).toBeUndefined()
})

test('nothing is mounted at the root of all', () => {
  expect(admit(podOf({ volumeMounts: [{ name: 'data', mountPath: '/x/..' }] }), 'full')).toBe(
    'container c0 mounts volume data at /, which would hide everything. Mount it below.',
  )
})

test('only mounts beyond the prepared token cost a command', () => {
  expect(mountsNeeded(podOf({ volumeMounts: [{ name: 'api', mountPath: SERVICE_ACCOUNT_DIR }] }))).toBe(false)
  expect(mountsNeeded(podOf({ volumeMounts: [DATA] }))).toBe(true)
})
