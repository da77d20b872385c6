/**
 * Services beside their pods: `npm run bench:services -- [--rounds 5] [--seconds 3] [--requests 20000] [--only nftables,process,start,zero]`.
 * As root (with network namespaces and nft); the parts that need them fail elsewhere.
 */
import { parseArgs } from 'node:util'
import { type Measured, report } from './harness/report.ts'
import { measureForwarding } from './services/forwarding.ts'
import { measureFromZero } from './services/from-zero.ts'
import { measurePodStart } from './services/pod-start.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    requests: { type: 'string', default: '20000' },
    only: { type: 'string' },
  },
})
const [rounds, seconds, requests] = [values.rounds, values.seconds, values.requests].map(Number) as [
  number,
  number,
  number,
]

const PARTS: Readonly<Record<string, () => Promise<readonly Measured[]>>> = {
  nftables: () => measureForwarding('nftables', { rounds, seconds, requests }),
  process: () => measureForwarding('process', { rounds, seconds, requests }),
  start: () => measurePodStart(rounds * 6),
  zero: () => measureFromZero(rounds),
}

const chosen = values.only?.split(',') ?? Object.keys(PARTS)
const rows: Measured[] = []
for (const name of chosen) rows.push(...(await PARTS[name]!()))
report('services', rows, { rounds, seconds, requests, parts: chosen })
