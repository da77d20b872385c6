/** What a coordinator or worker is told by its pod: environment and mounted files (docs/batch.md has the list). */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { CODE_DIR, CODE_KEY, PLAN_DIR, PLAN_KEY, SCRATCH_DIR } from '../../kube/names.ts'
import type { BatchPlan } from '../../planner/batch/plan.ts'

export interface Environment {
  readonly plan: BatchPlan
  /** Identity of plan and code. */
  readonly run: string
  readonly codePath: string | undefined
  readonly scratch: string
  readonly coordinator: { readonly host: string; readonly port: number }
  readonly podIp: string
  readonly podName: string
  readonly workerMemoryBytes: number
  /** `${SOLVENT_ROOT}/etc/hosts`, for machines on which names of the cluster do not resolve. */
  readonly hostsFile: string | undefined
}

const DEFAULT_MEMORY_BYTES = 400 * 1024 * 1024

export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const root = env.SOLVENT_ROOT ?? ''
  const planBytes = readFileSync(join(root || '/', PLAN_DIR, PLAN_KEY))
  const plan = JSON.parse(gunzipSync(planBytes).toString()) as BatchPlan
  const codePath = join(root || '/', CODE_DIR, CODE_KEY)
  const hasCode = existsSync(codePath)
  const run = createHash('sha256').update(planBytes)
  if (hasCode) run.update(readFileSync(codePath))
  const address = env.SOLVENT_COORDINATOR ?? `127.0.0.1:${0}`
  const colon = address.lastIndexOf(':')
  return {
    plan,
    run: run.digest('hex').slice(0, 16),
    codePath: hasCode ? codePath : undefined,
    scratch: join(root || '/', SCRATCH_DIR),
    coordinator: { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) },
    podIp: env.POD_IP || '127.0.0.1',
    podName: env.POD_NAME ?? env.HOSTNAME ?? `process-${process.pid}`,
    workerMemoryBytes: Number(env.SOLVENT_WORKER_MEMORY) || DEFAULT_MEMORY_BYTES,
    hostsFile: root ? join(root, 'etc/hosts') : undefined,
  }
}

/** The address that a hosts file gives a name. */
export function addressInHosts(text: string, name: string): string | undefined {
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (names.includes(name)) return address
  }
  return undefined
}
