/** A Service beside its pods asked directly: shares, saturated rate, added latency. */
import { interleave, type Measured } from '../harness/report.ts'
import type { LoadReport } from '../load/load.ts'
import { runLoad } from '../load/start-load.ts'
import { type Place, withPlace } from './place.ts'

export interface ForwardingOptions {
  readonly rounds: number
  readonly seconds: number
  readonly requests: number
}

const CONNECTIONS = 24
const RATE = 500
const SHARE_BY = 'x-served-by'

/** How far the replica that is farthest from an even share is off, in per cent. */
export function unevenness(shares: Readonly<Record<string, number>>, replicas: number): number {
  const counts = Object.values(shares)
  const even = counts.reduce((sum, count) => sum + count, 0) / replicas
  const missing = counts.length < replicas ? [0] : []
  return Math.max(...[...counts, ...missing].map(count => (Math.abs(count - even) / even) * 100))
}

export async function measureForwarding(
  kind: 'nftables' | 'process',
  { rounds, seconds, requests }: ForwardingOptions,
): Promise<readonly Measured[]> {
  const env: Record<string, string> = kind === 'process' ? { SOLVENT_PROXY: 'process' } : {}
  return withPlace(env, async place => {
    const once = await runLoad({
      urls: [place.serviceUrl],
      mode: 'closed',
      keepAlive: false,
      connections: 16,
      requests,
      shareBy: SHARE_BY,
    })
    const rates = await saturated(place, rounds, seconds)
    const open = await opened(place, rounds, seconds)
    const direct = (values: readonly number[]) => ({ what: 'direct', values, as: 'minus' }) as const
    return [
      {
        what: `${kind}: unevenness of 3 replicas, ${requests} requests, a connection each`,
        unit: '%',
        values: [unevenness(once.shares, 3)],
        bar: { at: 'most', value: 5 },
      },
      { what: `${kind}: of those, failed`, unit: 'requests', values: [once.failed], bar: { at: 'most', value: 0 } },
      {
        what: `${kind}: saturated, keep-alive`,
        unit: 'requests/s',
        values: rates.service,
        rival: { what: 'direct', values: rates.direct, as: 'ratio' },
        bar: { at: 'least', value: kind === 'nftables' ? 0.85 : 0.45 },
      },
      {
        what: `${kind}: open loop at ${RATE}/s, p50`,
        unit: 'ms',
        values: open.map(each => each.service.serviceMs.p50),
        rival: direct(open.map(each => each.direct.serviceMs.p50)),
        bar: { at: 'most', value: 0.3 },
      },
      {
        what: `${kind}: open loop at ${RATE}/s, p99`,
        unit: 'ms',
        values: open.map(each => each.service.serviceMs.p99),
        rival: direct(open.map(each => each.direct.serviceMs.p99)),
        bar: { at: 'most', value: 2 },
      },
    ]
  })
}

async function saturated({ serviceUrl, podUrls }: Place, rounds: number, seconds: number) {
  const rate = async (urls: readonly string[]): Promise<number> => {
    const load = { urls, mode: 'closed', keepAlive: true, connections: CONNECTIONS, seconds } as const
    return (await runLoad(load)).ratePerSecond
  }
  return interleave(rounds, { direct: () => rate(podUrls), service: () => rate([serviceUrl]) })
}

async function opened({ serviceUrl, podUrls }: Place, rounds: number, seconds: number) {
  const ask = (urls: readonly string[]): Promise<LoadReport> =>
    runLoad({ urls, mode: 'open', keepAlive: true, ratePerSecond: RATE, seconds })
  const found: { direct: LoadReport; service: LoadReport }[] = []
  for (let round = 0; round < rounds; round++) {
    // A B, then B A: a drift of the machine hits both.
    if (round % 2 === 0) {
      const direct = await ask(podUrls)
      found.push({ direct, service: await ask([serviceUrl]) })
    } else {
      const service = await ask([serviceUrl])
      found.push({ service, direct: await ask(podUrls) })
    }
  }
  return found
}
