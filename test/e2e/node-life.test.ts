/** What a pod meets on this machine, through the command line: configuration that changes, last words, sidecars, what is missing. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedCluster, eventually } from './embedded-cluster.ts'

let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.up()
})
afterAll(() => cluster.down())

async function apply(name: string, yaml: string): Promise<void> {
  const file = join(cluster.folder, `${name}.yaml`)
  writeFileSync(file, yaml)
  const { code, stderr } = await cluster.solvent(['apply', '-f', file])
  expect(stderr).toBe('')
  expect(code).toBe(0)
}

const podJson = async (name: string) => JSON.parse((await cluster.solvent(['get', 'pod', name, '-o', 'json'])).stdout)
const read = async (name: string, path: string): Promise<string> =>
  (await cluster.solvent(['exec', name, '--state', cluster.state, '--', 'sh', '-c', `cat ${path}`])).stdout

/** An edit is there within a second; the command line that looks for it takes its time. */
const soon = (holds: () => Promise<boolean>): Promise<void> => eventually('what is awaited', 20_000, holds)

const settings = (greeting: string): string => `apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { greeting: ${greeting} }
`

test('an edit of a ConfigMap reaches the file, but not a subPath; labels reach theirs', async () => {
  await apply('settings', settings('hello'))
  await apply(
    'reader',
    `apiVersion: v1
kind: Pod
metadata: { name: reader, labels: { version: one } }
spec:
  containers:
  - name: main
    command: [sleep, "1000"]
    volumeMounts:
    - { name: settings, mountPath: /solvent-e2e/all }
    - { name: settings, mountPath: /solvent-e2e/one, subPath: greeting }
    - { name: self, mountPath: /solvent-e2e/self }
  volumes:
  - { name: settings, configMap: { name: settings } }
  - { name: self, downwardAPI: { items: [{ path: labels, fieldRef: { fieldPath: metadata.labels } }] } }
`,
  )
  await cluster.solvent(['wait', '--for=condition=Ready', 'pod/reader', '--timeout=20s'])
  expect(await read('reader', '/solvent-e2e/all/greeting')).toBe('hello')
  await apply('settings', settings('goodbye'))
  await soon(async () => (await read('reader', '/solvent-e2e/all/greeting')) === 'goodbye')
  expect(await read('reader', '/solvent-e2e/one')).toBe('hello')
  const api = await cluster.api()
  const reader = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'reader' }
  await api.patch(reader, 'merge', { metadata: { labels: { version: 'two' } } })
  api.close()
  await soon(async () => (await read('reader', '/solvent-e2e/self/labels')).includes('version="two"'))
})

test('last words, a sidecar and what is missing are told', async () => {
  await apply(
    'talkers',
    `apiVersion: v1
kind: Pod
metadata: { name: talker }
spec:
  restartPolicy: Never
  initContainers:
  - { name: sidecar, restartPolicy: Always, command: [sh, -c, "trap 'exit 0' TERM; sleep 1000 & wait"] }
  containers:
  - { name: main, command: [sh, -c, "echo farewell >/dev/termination-log; exit 3"] }
---
apiVersion: v1
kind: Pod
metadata: { name: lacking }
spec:
  containers:
  - name: main
    command: [sleep, "1000"]
    env: [{ name: A, valueFrom: { secretKeyRef: { name: nobody, key: password } } }]
`,
  )
  await soon(async () => (await podJson('talker')).status.phase === 'Failed')
  const { status } = await podJson('talker')
  expect(status.containerStatuses[0].state.terminated).toMatchObject({ exitCode: 3, message: 'farewell\n' })
  expect(status.initContainerStatuses[0].state.terminated.exitCode).toBe(0)
  await soon(async () =>
    (await cluster.solvent(['describe', 'pod', 'lacking'])).stdout.includes('secret "nobody" not found'),
  )
  await apply('nobody', 'apiVersion: v1\nkind: Secret\nmetadata: { name: nobody }\nstringData: { password: x }\n')
  await soon(async () => (await podJson('lacking')).status.phase === 'Running')
})
