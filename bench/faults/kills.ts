/**
 * `kill -9` of one replica after the other under load. A killed server is started again in its pod at once; the pod is deleted when it serves
 * again, so that the next kill meets a first restart and no back-off. Failed requests are weighed against those that nobody could have saved.
 */
import { readFileSync } from 'node:fs'
import type { HttpApi } from '../../src/client/http-api.ts'
import { refOf } from '../../src/kube/object.ts'
import type { Measured } from '../harness/report.ts'
import type { LoadReport } from '../load/load.ts'
import { startLoad } from '../load/start-load.ts'
import {
  closeShop,
  isReady,
  openShop,
  podsOf,
  processGroup,
  REPLICAS,
  restartsOf,
  type Start,
  untilPods,
} from './shop.ts'

export interface KillOptions {
  readonly state: string
  readonly api: HttpApi
  readonly start: Start
  readonly keepAlive: boolean
  readonly ratePerSecond: number
  readonly seconds: number
  readonly everyMs: number
}

export interface Killed {
  readonly report: LoadReport
  /** From each kill to the pod being Ready again, ms. */
  readonly backMs: readonly number[]
}

export async function killUnderLoad(options: KillOptions): Promise<Killed> {
  const { state, api, start, keepAlive, ratePerSecond, seconds, everyMs } = options
  const url = await openShop(api, 'graceful', start)
  const load = startLoad({ urls: [url], mode: 'open', ratePerSecond, keepAlive, seconds, shareBy: 'x-served-by' })
  const backMs: number[] = []
  await pause(1000)
  for (let n = 0; (n + 1) * everyMs + 1000 < seconds * 1000; n++) {
    const begunAt = performance.now()
    const pods = (await podsOf(api)).filter(isReady)
    const victim = pods.sort((a, b) =>
      (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1,
    )[0]
    if (!victim) throw new Error('nobody is left to be killed')
    const { uid } = victim.metadata
    const lives = restartsOf(victim)
    const group = processGroup(state, victim)
    const children = childrenOf(group)
    const killedAt = performance.now()
    process.kill(-group, 'SIGKILL')
    await untilDead(children)
    load.mark(`kill-${n}`)
    await untilPods(api, all => all.some(pod => pod.metadata.uid === uid && isReady(pod) && restartsOf(pod) > lives))
    backMs.push(performance.now() - killedAt)
    await api.delete(refOf(victim))
    await untilPods(api, all => all.filter(pod => pod.metadata.uid !== uid && isReady(pod)).length >= REPLICAS)
    await pause(Math.max(0, everyMs - (performance.now() - begunAt)))
  }
  const report = await load.finished
  await closeShop(api)
  return { report, backMs }
}

/** Until its sockets are closed: what was sent before went to one that still seemed to live. */
async function untilDead(pids: readonly string[]): Promise<void> {
  const lives = (pid: string): boolean => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      return stat[stat.lastIndexOf(')') + 2] !== 'Z'
    } catch {
      return false
    }
  }
  while (pids.some(lives)) await new Promise(resolve => setImmediate(resolve))
}

/** The wrapper's: the server among them. */
const childrenOf = (pid: number): readonly string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)

/** Failed requests beyond those in flight at a kill and those whose connection was opened within 80 ms of one. */
export function beyondSaving({ marks, failed }: LoadReport): number {
  const excusable = marks.reduce((sum, { inFlight, openedSoonAfter }) => sum + inFlight + openedSoonAfter, 0)
  return Math.max(0, failed - excusable)
}

export function killRows(name: string, { report, backMs }: Killed, barMs: number): readonly Measured[] {
  return [
    { what: `${name}: failed requests`, unit: '', values: [report.failed] },
    { what: '  of them in nobody’s flight', unit: '', values: [beyondSaving(report)], bar: { at: 'most', value: 0 } },
    { what: '  latency p99', unit: 'ms', values: [report.latencyMs.p99] },
    { what: '  kill to Ready again', unit: 'ms', values: backMs, bar: { at: 'most', value: barMs } },
  ]
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
