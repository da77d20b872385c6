/**
 * etcd, kube-apiserver and, where asked, kube-controller-manager on loopback, as plain processes of this user: no root, no network. What is
 * started is ended, by process id, also when the program that asked for it is interrupted.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePki } from '../../src/apiserver/pki/pki.ts'
import { program } from './build-kubernetes.ts'
import type { RunningServer } from './our-server.ts'

export interface RealCluster extends RunningServer {
  readonly kubeconfig: string
}

export interface RealClusterOptions {
  readonly controllers?: boolean
  /** etcd syncs every write, as it does in a real cluster. */
  readonly fsync?: boolean
}

/** The gates under which Workload and PodGroup are served, which our compiler emits. */
const GATES = ['--feature-gates=GenericWorkload=true']

export async function startRealCluster({
  controllers = false,
  fsync = false,
}: RealClusterOptions = {}): Promise<RealCluster> {
  const kubernetes = await program('kubernetes')
  const folder = mkdtempSync(join(tmpdir(), 'solvent-kubernetes-'))
  const at = (name: string): string => join(folder, name)
  const pki = ensurePki(folder)
  const [etcdPort, peerPort, port, controllersPort] = await freePorts(4)
  const url = `https://127.0.0.1:${port}`
  writeFileSync(at('sa.pub'), createPublicKey(pki.serviceAccountKey).export({ type: 'spki', format: 'pem' }))
  writeFileSync(at('tokens.csv'), `${pki.adminToken},admin,admin,"system:masters"\n`, { mode: 0o600 })
  writeFileSync(at('kubeconfig'), kubeconfigFor(url, pki.ca, pki.adminToken), { mode: 0o600 })
  const processes: ChildProcess[] = []
  const start = (component: string, flags: readonly string[]): void => {
    const log = openSync(at(`${component}.log`), 'a')
    processes.push(spawn(kubernetes, [component, ...flags], { stdio: ['ignore', log, log] }))
  }
  const close = async (): Promise<void> => {
    process.removeListener('exit', kill)
    await Promise.all(processes.reverse().map(end))
    rmSync(folder, { recursive: true, force: true })
  }
  const kill = (): void => {
    for (const each of processes) each.kill('SIGKILL')
  }
  process.once('exit', kill)
  const etcd = `http://127.0.0.1:${etcdPort}`
  start('etcd', [
    `--data-dir=${at('etcd')}`,
    `--client-url=${etcd}`,
    `--peer-url=http://127.0.0.1:${peerPort}`,
    `--fsync=${fsync}`,
  ])
  start('kube-apiserver', [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    // Which would publish the address as the endpoint of a Service, and that must not be loopback.
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--tls-cert-file=${at('server.crt')}`,
    `--tls-private-key-file=${at('server.key')}`,
    `--token-auth-file=${at('tokens.csv')}`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${at('sa.pub')}`,
    `--service-account-signing-key-file=${at('sa.key')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--runtime-config=scheduling.k8s.io/v1beta1=true',
    ...GATES,
  ])
  try {
    await whenReady(url, pki.ca, pki.adminToken, processes, at('kube-apiserver.log'))
    if (controllers) {
      start('kube-controller-manager', [
        `--kubeconfig=${at('kubeconfig')}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${controllersPort}`,
        `--service-account-private-key-file=${at('sa.key')}`,
        `--root-ca-file=${at('ca.crt')}`,
        '--use-service-account-credentials=true',
        '--leader-elect=false',
        '--kube-api-qps=500',
        '--kube-api-burst=1000',
        ...GATES,
      ])
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    server: { url, tls: { ca: pki.ca }, headers: { authorization: `Bearer ${pki.adminToken}` } },
    kubeconfig: at('kubeconfig'),
    close,
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(impatience)
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

const READY_MS = 120_000

async function whenReady(url: string, ca: string, token: string, processes: readonly ChildProcess[], log: string) {
  for (const end = Date.now() + READY_MS; Date.now() < end; ) {
    if (await answersReady(url, ca, token)) return
    if (processes.some(each => each.exitCode !== null)) break
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  throw new Error(`kube-apiserver does not become ready:\n${readFileSync(log, 'utf8').slice(-2000)}`)
}

const answersReady = (url: string, ca: string, token: string): Promise<boolean> =>
  new Promise(resolve => {
    request(`${url}/readyz`, { ca, agent: false, headers: { authorization: `Bearer ${token}` } }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
      .on('error', () => resolve(false))
      .end()
  })

const kubeconfigFor = (server: string, ca: string, token: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'admin', user: { token } }],
  })
