/** Services as programs and people meet them, with all that this machine allows and with less: by address, name, node port, from zero. */
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HttpApi } from '../../src/client/http-api.ts'
import type { Node, Service } from '../../src/kube/core.ts'
import type { KubeObject } from '../../src/kube/object.ts'
import { EmbeddedCluster, eventually } from './embedded-cluster.ts'

const SERVER = `const http = require('node:http')
const { POD_IP, HOSTNAME } = process.env
http.createServer((_, answer) => answer.end(HOSTNAME)).listen(8080, POD_IP)
`

/** Who answers; a new connection each time. */
const ask = (host: string, port: number): Promise<string> =>
  new Promise((done, failed) => {
    const asking = request({ host, port, agent: false, timeout: 20_000 }, answer => {
      let text = ''
      answer.on('data', chunk => {
        text += chunk
      })
      answer.on('end', () => done(text))
      answer.on('error', failed)
    })
    asking.on('timeout', () => asking.destroy(new Error('silent')))
    asking.on('error', failed)
    asking.end()
  })

const deployment = (name: string, script: string, replicas: number): KubeObject => {
  const env = [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }]
  const readinessProbe = { tcpSocket: { port: 'http' }, periodSeconds: 1 }
  const ports = [{ name: 'http', containerPort: 8080 }]
  const container = { name: 'c', image: 'none', command: ['node', script], env, readinessProbe, ports }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 1, containers: [container] },
      },
    },
  } as KubeObject
}

const service = (name: string, spec: object, annotations: Readonly<Record<string, string>> = {}): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default', annotations }, spec }) as KubeObject

describe.each([
  { what: 'all that this machine allows', env: {} },
  { what: 'a proxy process in the router', env: { SOLVENT_PROXY: 'process' } },
  { what: 'no network of their own', env: { SOLVENT_ISOLATION: 'mount' } },
])('with $what', ({ env }) => {
  let cluster: EmbeddedCluster
  let api: HttpApi
  let isRouted: boolean
  const ports = [{ name: 'web', port: 8000, targetPort: 'http' }]

  beforeAll(async () => {
    cluster = await EmbeddedCluster.up(env)
    api = await cluster.api()
    const script = join(cluster.folder, 'server.cjs')
    writeFileSync(script, SERVER)
    await api.create(deployment('web', script, 2))
    await api.create(service('web', { selector: { app: 'web' }, ports }))
    await cluster.solvent(['wait', '--for=condition=Available', 'deployment/web', '--timeout=30s'])
    const { items } = await api.list<Node>({ apiVersion: 'v1', kind: 'Node' })
    isRouted = items[0]?.status?.addresses?.[0]?.address?.startsWith('10.') ?? false
  })
  afterAll(async () => {
    api.close()
    await cluster.down()
  })

  const make = (name: string, spec: object, annotations = {}): Promise<Service> =>
    api.create<Service>(service(name, spec, annotations))
  const podNames = async (): Promise<readonly string[]> =>
    (await api.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' }, { labelSelector: 'app=web' })).items.map(
      pod => pod.metadata.name ?? '',
    )
  const answers = async (host: string, port: number): Promise<void> => {
    const pods = await podNames()
    await eventually(`${host}:${port} answers`, 20_000, () =>
      ask(host, port).then(
        who => pods.includes(who),
        () => false,
      ),
    )
  }
  const inPod = async (command: string): Promise<string> => {
    const [pod = ''] = await podNames()
    const args = ['exec', pod, '--state', cluster.state, '--', 'sh', '-c', command]
    return (await cluster.solvent(args)).stdout.trim()
  }

  test('every replica answers at the Service’s address, from the machine and from a pod by its name', async () => {
    const { items } = await api.list<Service>({ apiVersion: 'v1', kind: 'Service', namespace: 'default' })
    const address = items.find(each => each.metadata.name === 'web')?.spec.clusterIP ?? ''
    await answers(address, 8000)
    const met = new Set<string>()
    for (let i = 0; i < 60 && met.size < 2; i++) met.add(await ask(address, 8000))
    expect([...met].sort()).toEqual([...(await podNames())].sort())
    const fetching = `node -e "fetch('http://web:8000').then(r => r.text()).then(console.log)"`
    expect(await podNames()).toContain(await inPod(fetching))
    expect(await inPod('getent hosts web.default.svc.cluster.local')).toContain(address)
    expect(await inPod('echo $WEB_SERVICE_HOST:$WEB_SERVICE_PORT_WEB')).toBe(`${address}:8000`)
  })

  test('a node port answers on the machine, a load balancer at the address that its status tells', async () => {
    const node = await make('web-node', { type: 'NodePort', selector: { app: 'web' }, ports })
    await answers('127.0.0.1', node.spec.ports?.[0]?.nodePort ?? 0)
    await make('web-lb', { type: 'LoadBalancer', selector: { app: 'web' }, ports })
    const ref = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web-lb' }
    let address: string | undefined
    await eventually('the status has an address', 10_000, async () => {
      address = (await api.get<Service>(ref)).status?.loadBalancer?.ingress?.[0]?.ip
      return address !== undefined
    })
    await answers(address ?? '', 8000)
  })

  test('a headless Service leads to every pod; DNS knows other names and ports, and the world', async () => {
    await make('each', { clusterIP: 'None', selector: { app: 'web' }, ports: [{ name: 'web', port: 8080 }] })
    await eventually('both pods are named', 10_000, async () => {
      const found = await inPod('getent ahostsv4 each | grep STREAM')
      return found.split('\n').length === 2
    })
    if (!isRouted) return
    await make('alias', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' })
    await eventually('the alias leads on', 10_000, async () =>
      (await inPod('getent hosts alias')).includes('web.default'),
    )
    const srv = `node -e "require('dns').resolveSrv('_web._tcp.web.default.svc.cluster.local', (e, r) => console.log(e ?? r[0].port))"`
    expect(await inPod(srv)).toBe('8000')
  })

  test('the first connection of a Service at zero waits for its pod, and without traffic the pod goes', async () => {
    await api.create(deployment('zero', join(cluster.folder, 'server.cjs'), 0))
    const scaling = { 'solvent.dev/scale-from-zero': 'Deployment/zero', 'solvent.dev/scale-to-zero-after': '1' }
    const { spec } = await make('zero', { selector: { app: 'zero' }, ports }, scaling)
    await eventually('somebody waits there', 10_000, () =>
      ask(spec.clusterIP ?? '', 8000).then(
        who => who.startsWith('zero-'),
        () => false,
      ),
    )
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'zero' }
    await eventually('it is scaled to none', 20_000, async () => {
      const { spec: scaled } = await api.get<KubeObject & { spec: { replicas: number } }>(ref)
      return scaled.replicas === 0
    })
  })
})
