/** A rolling update and a rollback under load, for a server that leaves politely and for one that dies at once on TERM. */
import type { HttpApi } from '../../src/client/http-api.ts'
import type { Deployment } from '../../src/kube/workloads.ts'
import type { Measured } from '../harness/report.ts'
import type { LoadReport } from '../load/load.ts'
import { startLoad } from '../load/start-load.ts'
import {
  closeShop,
  DEPLOYMENT,
  isReady,
  type Manners,
  openShop,
  patchTemplate,
  podsOf,
  REPLICAS,
  untilPods,
} from './shop.ts'

export interface RolloutOptions {
  readonly api: HttpApi
  readonly manners: Manners
  readonly keepAlive: boolean
  readonly ratePerSecond: number
}

export interface RolledOut {
  readonly report: LoadReport
  /** There and back, ms each. */
  readonly tookMs: readonly number[]
  /** Pods that were stopped. */
  readonly stopped: number
}

export async function rollOutUnderLoad({ api, manners, keepAlive, ratePerSecond }: RolloutOptions): Promise<RolledOut> {
  const url = await openShop(api, manners, 'warm')
  const load = startLoad({ urls: [url], mode: 'open', ratePerSecond, keepAlive, seconds: 300, shareBy: 'x-served-by' })
  const tookMs: number[] = []
  await pause(500)
  for (const version of ['1', '0']) {
    const begunAt = performance.now()
    load.mark(`version-${version}`)
    await api.patch(DEPLOYMENT, 'merge', patchTemplate(manners, 'warm', version))
    await settled(api, version)
    tookMs.push(performance.now() - begunAt)
    await pause(500)
  }
  const report = await load.stop()
  await closeShop(api)
  return { report, tookMs, stopped: 2 * REPLICAS }
}

/** All of this version are ready and the others are gone. */
async function settled(api: HttpApi, version: string): Promise<void> {
  await untilPods(
    api,
    pods =>
      pods.length === REPLICAS && pods.every(pod => isReady(pod) && pod.metadata.annotations?.version === version),
  )
  const { status } = await api.get<Deployment>(DEPLOYMENT)
  if (status?.updatedReplicas !== REPLICAS && (await podsOf(api)).length !== REPLICAS) await settled(api, version)
}

/** With kept connections one that dies at once may cut the one request that each of its connections has under way. */
export function rolloutRows(
  name: string,
  { report, tookMs, stopped }: RolledOut,
  manners: Manners,
  keepAlive: boolean,
): readonly Measured[] {
  const perPod = Math.ceil(report.connectionsOpened / REPLICAS)
  const bar = manners === 'abrupt' && keepAlive ? stopped * perPod : 0
  return [
    { what: `${name}: failed requests`, unit: '', values: [report.failed], bar: { at: 'most', value: bar } },
    { what: '  latency p99', unit: 'ms', values: [report.latencyMs.p99] },
    { what: '  update, and rollback', unit: 'ms', values: tookMs },
  ]
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
