/**
 * Whoever uses a cluster while its programs are killed: writes that must not be lost, a Deployment that is scaled and changed all the time,
 * and another one that is left alone, whose pods are asked all the time and must not notice anything.
 */
import { request } from 'node:http'
import type { HttpApi } from '../../src/client/http-api.ts'
import type { Node, Pod } from '../../src/kube/core.ts'
import type { KubeObject } from '../../src/kube/object.ts'
import type { Deployment } from '../../src/kube/workloads.ts'
import type { Random } from './random.ts'

const NAMESPACE = 'default'
const PORT = 18_080
const REPLICAS = 3

/** Listens at the pod's own address: without network namespaces pods share the machine's ports. */
const SERVER = `require('http').createServer((_, answer) => answer.end(process.env.POD_NAME)).listen(${PORT}, process.env.POD_IP)`

const fieldEnv = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })

const deployment = (name: string, replicas: number, version: string): KubeObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'main',
              ...(name === 'steady'
                ? { command: ['node', '-e', SERVER], readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 } }
                : { command: ['sleep', '100000'] }),
              env: [
                fieldEnv('POD_IP', 'status.podIP'),
                fieldEnv('POD_NAME', 'metadata.name'),
                { name: 'VERSION', value: version },
              ],
              resources: { requests: { cpu: '10m', memory: '10Mi' } },
            },
          ],
        },
      },
    },
  }) as unknown as KubeObject

export interface Checker {
  /** What does not hold (yet); nothing when the cluster has converged. */
  problems(numNodes: number): Promise<readonly string[]>
  /** What must never have happened. */
  readonly broken: readonly string[]
  readonly counts: { readonly writes: number; readonly requests: number; readonly changes: number }
  /** No further changes; resolves when none is under way. */
  rest(): Promise<void>
  /** After `rest`: begins again. */
  go(): void
  stop(): Promise<void>
}

export async function startChecker(api: () => HttpApi, random: Random): Promise<Checker> {
  const written = new Map<string, string>()
  const broken: string[] = []
  const steady = new Map<string, string>()
  const counts = { writes: 0, requests: 0, changes: 0 }
  let wanted = { replicas: 2, version: '0' }
  let isStopped = false
  let isResting = false
  let working: Promise<unknown> = Promise.resolve()

  /** Until it is acknowledged: what was lost on the way may have happened or not. */
  async function insist(work: () => Promise<unknown>): Promise<void> {
    while (!isStopped) {
      const isDone = await work().then(
        () => true,
        () => false,
      )
      if (isDone) return
      await pause(50)
    }
  }

  async function write(serial: number): Promise<void> {
    const name = `write-${serial % 40}`
    const value = String(serial)
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE }, data: { value } }
    await api()
      .apply(object as KubeObject, { fieldManager: 'survival', force: true })
      .then(
        () => {
          written.set(name, value)
          counts.writes++
        },
        // Whether it was written nobody knows: from now on either value is right.
        () => written.delete(name),
      )
  }

  async function change(): Promise<void> {
    wanted = {
      replicas: random.whole(1, 4),
      version: random.next() < 0.3 ? String(Number(wanted.version) + 1) : wanted.version,
    }
    const object = deployment('moving', wanted.replicas, wanted.version)
    await insist(() => api().apply(object, { fieldManager: 'survival', force: true }))
    counts.changes++
  }

  async function writeOn(): Promise<void> {
    for (let serial = 0; !isStopped; serial++) {
      if (!isResting) working = Promise.all([write(serial), serial % 10 === 0 ? change() : undefined])
      await working
      await pause(50)
    }
  }

  async function askOn(address: string): Promise<void> {
    while (!isStopped) {
      const answer = await ask(address)
      counts.requests++
      if (answer !== steady.get(address)) broken.push(`${steady.get(address)} at ${address}: ${answer}`)
      await pause(25)
    }
  }

  await api().apply(deployment('steady', REPLICAS, '0'), { fieldManager: 'survival', force: true })
  await api().apply(deployment('moving', wanted.replicas, '0'), { fieldManager: 'survival', force: true })
  const first = await untilReady(api)
  for (const pod of first) steady.set(pod.status?.podIP ?? '', pod.metadata.name ?? '')
  const uids = first.map(({ metadata }) => metadata.uid).sort()
  const loops = [writeOn(), ...[...steady.keys()].map(askOn)]

  return {
    broken,
    counts,
    async problems(numNodes) {
      const problems: string[] = []
      const [pods, nodes, moving] = await Promise.all([
        podsOf(api()),
        api().list<Node>({ apiVersion: 'v1', kind: 'Node' }),
        api().get<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'moving' }),
      ])
      const ready = nodes.items.filter(node => isTrue(node.status?.conditions, 'Ready'))
      if (ready.length !== numNodes) problems.push(`${ready.length} of ${numNodes} nodes are Ready`)
      problems.push(...movingProblems(moving, wanted), ...(await lostWrites(api(), written)))
      const still = pods.filter(pod => pod.metadata.labels?.app === 'steady')
      if (JSON.stringify(still.map(({ metadata }) => metadata.uid).sort()) !== JSON.stringify(uids)) {
        problems.push(`the steady pods are others: ${still.map(({ metadata }) => metadata.name).join(', ')}`)
      }
      for (const pod of still) {
        const restarts = pod.status?.containerStatuses?.[0]?.restartCount ?? 0
        if (restarts > 0) problems.push(`${pod.metadata.name} was restarted ${restarts} times`)
        if (!isTrue(pod.status?.conditions, 'Ready')) problems.push(`${pod.metadata.name} is not Ready`)
      }
      return problems
    },
    async rest() {
      isResting = true
      await working
    },
    go() {
      isResting = false
    },
    async stop() {
      isStopped = true
      await Promise.all(loops)
    },
  }
}

const pause = (ms: number): Promise<void> => new Promise(resume => setTimeout(resume, ms))

const isTrue = (conditions: readonly { type: string; status: string }[] | undefined, type: string): boolean =>
  conditions?.some(each => each.type === type && each.status === 'True') ?? false

const podsOf = async (api: HttpApi): Promise<readonly Pod[]> =>
  (await api.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE })).items

async function untilReady(api: () => HttpApi): Promise<readonly Pod[]> {
  for (;;) {
    const pods = (await podsOf(api())).filter(({ metadata }) => metadata.labels?.app === 'steady')
    if (pods.length === REPLICAS && pods.every(({ status }) => isTrue(status?.conditions, 'Ready'))) return pods
    await pause(100)
  }
}

function movingProblems(
  { metadata, spec, status = {} }: Deployment,
  wanted: { readonly replicas: number },
): readonly string[] {
  const { observedGeneration, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status
  const isSettled =
    spec.replicas === wanted.replicas &&
    observedGeneration === metadata.generation &&
    [replicas, updatedReplicas, availableReplicas].every(count => count === wanted.replicas)
  return isSettled
    ? []
    : [`moving: ${wanted.replicas} wanted, spec ${spec.replicas}, ${replicas}/${updatedReplicas}/${availableReplicas}`]
}

async function lostWrites(api: HttpApi, written: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const expected = new Map(written)
  const { items } = await api.list<KubeObject & { data?: Record<string, string> }>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: NAMESPACE,
  })
  const found = new Map(items.map(({ metadata, data }) => [metadata.name, data?.value]))
  return [...expected]
    .filter(([name, value]) => found.get(name) !== value)
    .map(([name, value]) => `${name} was acknowledged as ${value} and is ${found.get(name)}`)
}

/** One connection a request. What went wrong, as text. */
function ask(address: string): Promise<string> {
  return new Promise(resolve => {
    const asked = request({ host: address, port: PORT, agent: false, timeout: 2_000 }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      answer
        .on('end', () => resolve(text || `${answer.statusCode} ${JSON.stringify(answer.headers)}`))
        .on('error', error => resolve(whatOf(error)))
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer in 2 s')))
    asked.on('error', error => resolve(whatOf(error)))
    asked.end()
  })
}

const whatOf = ({ code, message }: NodeJS.ErrnoException): string =>
  `${code ?? ''} ${message} at ${new Date().toISOString()}`
