/** Servers as a user runs them: declared in ten lines, changed and gone back under load, with no failed request. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLoad } from '../../bench/load/start-load.ts'
import type { ConfigMap, Pod } from '../../src/kube/core.ts'
import type { Server } from '../../src/spec/kinds.ts'
import { EmbeddedCluster, eventually, repository, runProgram } from './embedded-cluster.ts'

const isRoot = process.platform === 'linux' && process.getuid?.() === 0

const fetchText = async (url: string): Promise<string> =>
  (await runProgram(['curl', '-s', '--noproxy', '*', '--max-time', '5', url])).stdout

async function urlOf(cluster: EmbeddedCluster, name: string): Promise<string> {
  const { status } = await cluster.json<Server>(['get', 'server', name])
  return status?.url ?? ''
}

describe.skipIf(!isRoot)('servers', () => {
  let cluster: EmbeddedCluster
  let examples: string
  beforeAll(async () => {
    cluster = await EmbeddedCluster.up()
    examples = join(cluster.folder, 'examples')
    cpSync(join(repository, 'examples'), examples, { recursive: true })
  })
  afterAll(() => cluster.down())

  const declare = (greeting: string, more = ''): string => {
    const file = join(examples, 'server', 'changed.yaml')
    writeFileSync(
      file,
      `apiVersion: solvent.dev/v1alpha1
kind: Server
metadata: { name: hello }
spec:
  run: { command: [node, server.js], port: 8080 }
  replicas: 3
  config: { GREETING: ${greeting} }
  resources: { cpu: 50m, memory: 64Mi }
${more}`,
    )
    return file
  }
  const configMaps = async (): Promise<readonly string[]> => {
    const { items } = await cluster.json<{ items: readonly ConfigMap[] }>(['get', 'cm', '-l', 'solvent.dev/name=hello'])
    return items.map(({ metadata }) => metadata.name ?? '')
  }
  const rolledOut = async (): Promise<void> => {
    const { code, stderr } = await cluster.solvent(['rollout', 'status', 'server/hello', '--timeout=60s'])
    expect(`${code} ${stderr}`).toMatch(/^0/)
  }

  test('run waits until it is available and says where it answers', async () => {
    const { code, stdout, stderr } = await cluster.solvent(['run', declare('hello')])
    expect(`${code} ${stderr}`).toMatch(/^0/)
    const [, url] = /^hello is available after [\d.]+ s: (http:\/\/\S+:8080)$/m.exec(stdout) ?? []
    expect(await fetchText(`${url}/`)).toMatch(/^hello from hello-/)
    const { stdout: table } = await cluster.solvent(['get', 'servers'])
    expect(table).toMatch(/NAME +PHASE +READY +RATE +CPU +MEMORY +URL +AGE\nhello +Available +3\/3 +.*http:/)
  })

  test.each([
    ['with kept connections', true],
    ['with a connection a request', false],
  ])('a rolling update and a rollback fail no request %s', async (_, keepAlive) => {
    const url = `${await urlOf(cluster, 'hello')}/`
    const load = startLoad({ urls: [url], mode: 'open', ratePerSecond: 150, keepAlive, connections: 8, seconds: 120 })
    await cluster.solvent(['apply', '-f', declare(`update-${keepAlive}`)])
    await eventually('the change is rolled out', 60_000, async () =>
      (await fetchText(url)).startsWith(`update-${keepAlive}`),
    )
    await rolledOut()
    const { stdout } = await cluster.solvent(['rollout', 'undo', 'server/hello'])
    expect(stdout).toBe('deployment.apps/hello rolled back\n')
    await rolledOut()
    expect(await fetchText(url)).not.toContain(`update-${keepAlive}`)
    const { succeeded, failureList } = await load.stop()
    expect(failureList).toEqual([])
    expect(succeeded).toBeGreaterThan(50)
  })

  test('after twenty edits at most the history of configurations is left, and each of it can be gone back to', async () => {
    for (let edit = 0; edit < 20; edit++) {
      await cluster.solvent(['apply', '-f', declare(`edit-${edit}`, '  graceSeconds: 1\n')])
      if (edit % 5 === 4) await rolledOut()
    }
    await rolledOut()
    await eventually('old configurations are gone', 30_000, async () => (await configMaps()).length <= 4)
    const before = (await configMaps()).length
    expect(before).toBeGreaterThan(1)
    await cluster.solvent(['rollout', 'undo', 'server/hello'])
    await rolledOut()
    const url = `${await urlOf(cluster, 'hello')}/`
    await eventually('the revision before answers', 20_000, async () => /^edit-1[0-8] from/.test(await fetchText(url)))
    const { status } = await cluster.json<Server>(['get', 'server', 'hello'])
    expect(status?.conditions?.find(({ type }) => type === 'Current')).toMatchObject({
      status: 'False',
      reason: 'RolledBack',
    })
  })

  test('scale changes the declaration, and the next apply has nobody to argue with', async () => {
    const { stdout } = await cluster.solvent(['scale', 'server/hello', '--replicas=2'])
    expect(stdout).toBe('server.solvent.dev/hello scaled\n')
    await eventually('two copies are left', 30_000, async () => {
      const { items } = await cluster.json<{ items: readonly Pod[] }>(['get', 'pods', '-l', 'solvent.dev/name=hello'])
      return items.length === 2
    })
    const { code, stderr } = await cluster.solvent(['apply', '-f', declare('again')])
    expect(`${code} ${stderr}`).toMatch(/^0/)
    await rolledOut()
  })

  test('a change that does not stand on its canary is taken back while the others serve', async () => {
    const canary = '  rollout: { canary: { percent: 30, seconds: 1 } }\n'
    const good = declare('canary', canary)
    await cluster.solvent(['apply', '-f', good])
    // Not its Events: of an object that had so many lately, further ones are kept back.
    const canaryHealthy = async (): Promise<string> => {
      const { status } = await cluster.json<Server>(['get', 'server', 'hello'])
      const found = status?.conditions?.find(({ type }) => type === 'CanaryHealthy')
      return `${found?.status} ${found?.message}`
    }
    await eventually('the good change is rolled out', 60_000, async () => /^True/.test(await canaryHealthy()))
    await rolledOut()
    writeFileSync(join(examples, 'server', 'broken.js'), 'process.exit(3)\n')
    const broken = join(examples, 'server', 'broken.yaml')
    writeFileSync(
      broken,
      `apiVersion: solvent.dev/v1alpha1
kind: Server
metadata: { name: hello }
spec:
  run: { command: [node, broken.js], port: 8080 }
  replicas: 3
  config: { GREETING: canary }
  resources: { cpu: 50m, memory: 64Mi }
${canary}`,
    )
    await cluster.solvent(['apply', '-f', broken])
    await eventually('the broken change is taken back', 60_000, async () =>
      /^False .*ended with exit code 3/.test(await canaryHealthy()),
    )
    const { status } = await cluster.json<Server>(['get', 'server', 'hello'])
    expect(status).toMatchObject({ phase: 'Available', ready: '3/3' })
  })
})

describe.each(['full', 'none'])('a module, isolation %s', isolation => {
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await EmbeddedCluster.up({ SOLVENT_ISOLATION: isolation })
  })
  afterAll(() => cluster.down())

  test.skipIf(process.platform !== 'linux')(
    'copies of a function share a port, each with an address of its own',
    async () => {
      writeFileSync(
        join(cluster.folder, 'hello.ts'),
        `export default (): Response => new Response(\`\${process.env.GREETING} from \${process.env.HOSTNAME}\`)
`,
      )
      writeFileSync(
        join(cluster.folder, 'job.yaml'),
        `apiVersion: solvent.dev/v1alpha1
kind: Server
metadata: { name: greeter }
spec:
  run: { module: ./hello.ts, port: 8080 }
  replicas: 2
  config: { GREETING: hello }
`,
      )
      const { code, stderr } = await cluster.solvent(['run', 'job.yaml'])
      expect(`${code} ${stderr}`).toMatch(/^0/)
      const { items } = await cluster.json<{ items: readonly Pod[] }>(['get', 'pods', '-l', 'solvent.dev/name=greeter'])
      expect(items.length).toBe(2)
      for (const { status, metadata } of items) {
        expect(await fetchText(`http://${status?.podIP}:8080/`)).toBe(`hello from ${metadata.name}`)
        expect(await fetchText(`http://${status?.podIP}:9464/metrics`)).toContain('http_requests_total 1\n')
      }
    },
  )
})
