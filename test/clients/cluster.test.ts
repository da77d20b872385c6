/** kubectl against a whole embedded cluster: pods that really run, said by the tool that people know. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster, eventually } from '../e2e/embedded-cluster.ts'
import { CAN_RUN, Kubectl, RELEASES } from './kubectl.ts'

const TALKER = `
apiVersion: v1
kind: Pod
metadata: { name: talker }
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
  - { name: main, command: [sh, -c, "for i in 1 2 3; do echo line $i; sleep 0.3; done"] }
`

const JOB = `
apiVersion: batch/v1
kind: Job
metadata: { name: quick }
spec:
  completions: 2
  parallelism: 2
  template: { spec: { restartPolicy: Never, containers: [{ name: main, command: ["true"] }] } }
`

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: main, command: [sleep, "60"] }] }
`

describe.skipIf(!CAN_RUN).each(RELEASES)('kubectl %s and pods that run', release => {
  let cluster: EmbeddedCluster
  let kubectl: Kubectl
  const apply = (yaml: string) => kubectl.ok(['apply', '-f', '-'], yaml)

  beforeAll(async () => {
    cluster = await EmbeddedCluster.up()
    kubectl = new Kubectl(release, join(cluster.state, 'kubeconfig'))
  })
  afterAll(() => cluster?.down())

  test('logs -f shows what a pod says until it ends', async () => {
    await apply(TALKER)
    await eventually('the container has a log', 20_000, async () => (await kubectl.run(['logs', 'talker'])).code === 0)
    expect(await kubectl.follow(['logs', '-f', 'talker']).end()).toBe('line 1\nline 2\nline 3\n')
    await kubectl.ok(['wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/talker', '--timeout=20s'])
    expect(await kubectl.ok(['get', 'pod', 'talker'])).toMatch(/talker +0\/1 +Completed +0 /)
    expect(await kubectl.ok(['logs', 'talker', '--tail=1', '--timestamps'])).toMatch(/^\d{4}-\S+Z line 3\n$/)
  })

  test('describe shows a pod, its node and its events', async () => {
    const text = await kubectl.ok(['describe', 'pod', 'talker'])
    expect(text).toMatch(/Status: +Succeeded/)
    expect(text).toMatch(/Reason: +Completed\n +Exit Code: +0/)
    expect(text).toMatch(/Normal +Scheduled .*Successfully assigned default\/talker to/)
    expect(await kubectl.ok(['describe', 'node'])).toMatch(/Ready +True/)
  })

  test('a Job completes', async () => {
    await apply(JOB)
    await kubectl.ok(['wait', '--for=condition=complete', 'job/quick', '--timeout=30s'])
    expect(await kubectl.ok(['get', 'job', 'quick'])).toMatch(/quick +Complete +2\/2/)
    expect(await kubectl.ok(['describe', 'job', 'quick'])).toMatch(/Pods Statuses: +0 Active .*2 Succeeded/)
  })

  test('a Deployment rolls out, scales and goes with its pods', async () => {
    await apply(DEPLOYMENT)
    await kubectl.ok(['rollout', 'status', 'deploy/web', '--timeout=30s'])
    expect(await kubectl.ok(['get', 'deploy', 'web'])).toMatch(/web +2\/2 +2 +2/)
    await kubectl.ok(['scale', 'deploy', 'web', '--replicas=1'])
    await kubectl.ok(['rollout', 'status', 'deploy/web', '--timeout=30s'])
    const pods = (await kubectl.ok(['get', 'pods', '-l', 'app=web', '-o', 'name'])).trim().split('\n')
    await kubectl.ok(['delete', 'deploy', 'web'])
    await kubectl.ok(['wait', '--for=delete', ...pods, '--timeout=30s'])
  })

  test('a namespace is emptied and goes', async () => {
    await apply('apiVersion: v1\nkind: Namespace\nmetadata: { name: brief }\n')
    await kubectl.ok(['apply', '-n', 'brief', '-f', '-'], 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n')
    expect(await kubectl.ok(['delete', 'ns', 'brief', '--timeout=30s'])).toContain('namespace "brief" deleted')
    expect((await kubectl.run(['get', 'ns', 'brief'])).stderr).toContain('not found')
  })

  test('our kinds explain themselves', async () => {
    expect(await kubectl.ok(['explain', 'batchjob.spec'])).toMatch(/reduce/)
    expect(
      await kubectl.ok(['get', 'batchjobs,trainingjobs,servers', '-A']).catch(error => String(error)),
    ).not.toContain('error:')
  })
})
