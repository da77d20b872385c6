/**
 * From the start of `solvent up` in a fresh state folder to the first answered GET over TLS, and to a posted pod being bound with the
 * Node ready and the default ServiceAccount there. The client polls every 2 ms until the kubeconfig stands.
 */
import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { HttpApi } from '../../src/client/http-api.ts'
import type { Node, Pod } from '../../src/kube/core.ts'
import { isApiError } from '../../src/kube/status.ts'
import { interleave, type Measured } from '../harness/report.ts'
import { connect, emptyScript, scratch, solvent, timeProgram } from './own-cluster.ts'

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'first', namespace: 'default' },
  spec: { restartPolicy: 'Never', containers: [{ name: 'main', command: ['true'] }] },
}

const turn = (ms = 2): Promise<void> => new Promise(resume => setTimeout(resume, ms))

export async function measureCluster(runs: number): Promise<readonly Measured[]> {
  const folder = scratch()
  const empty = emptyScript(folder)
  const bound: number[] = []
  const times = await interleave(runs, {
    empty: () => timeProgram([process.execPath, empty]),
    up: async round => {
      const { firstGet, podBound } = await startOnce()
      if (round >= 0) bound.push(podBound)
      return firstGet
    },
  })
  rmSync(folder, { recursive: true, force: true })
  const rival = { what: 'empty Node script', values: times.empty, as: 'minus' } as const
  return [
    { what: 'up: first GET /api/v1/namespaces', unit: 'ms', values: times.up, rival, bar: { at: 'most', value: 300 } },
    {
      what: 'up: Node Ready, ServiceAccount, pod bound',
      unit: 'ms',
      values: bound,
      rival,
      bar: { at: 'most', value: 600 },
    },
  ]
}

async function startOnce(): Promise<{ readonly firstGet: number; readonly podBound: number }> {
  const folder = scratch()
  const state = join(folder, 'state')
  const start = performance.now()
  const up = spawn(process.execPath, [solvent, 'up', '--state', state], { stdio: 'ignore' })
  const ended = new Promise(done => up.on('exit', done))
  while (!existsSync(join(state, 'kubeconfig'))) await turn()
  const api = await connect(state)
  try {
    await api.transport.json({ path: '/api/v1/namespaces' })
    const firstGet = performance.now() - start
    await postPod(api)
    await until(api, 'Pod', (pod: Pod) => pod.spec.nodeName !== undefined)
    await until(
      api,
      'Node',
      (node: Node) => node.status?.conditions?.some(c => c.type === 'Ready' && c.status === 'True') ?? false,
    )
    await api.get({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'default', name: 'default' })
    return { firstGet, podBound: performance.now() - start }
  } finally {
    api.close()
    await ended
    await timeProgram([process.execPath, solvent, 'down', '--state', state])
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As upstream, a pod is refused until its namespace has the default ServiceAccount. */
async function postPod(api: HttpApi): Promise<void> {
  for (;;) {
    try {
      await api.create(POD)
      return
    } catch (error) {
      if (!isApiError(error, 'Forbidden', 'NotFound')) throw error
      await turn()
    }
  }
}

async function until<T extends Pod | Node>(api: HttpApi, kind: string, holds: (object: T) => boolean): Promise<void> {
  const stop = new AbortController()
  for await (const event of api.watch<T>(
    { apiVersion: 'v1', kind, namespace: kind === 'Pod' ? 'default' : undefined },
    { signal: stop.signal },
  )) {
    if (event.type !== 'BOOKMARK' && holds(event.object)) break
  }
  stop.abort()
}
