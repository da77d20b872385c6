/**
 * How fast things start: the command line, an embedded cluster, a pod, a thousand pods.
 * `npm run bench:start -- [--runs 10] [--only cli,up,pod,thousand]`
 */
import { parseArgs } from 'node:util'
import { type Measured, report } from './harness/report.ts'
import { measureCluster } from './start/cluster.ts'
import { measureCommandLine } from './start/command-line.ts'
import { measurePods } from './start/pod.ts'
import { measureThousand } from './start/thousand.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' }, only: { type: 'string' } } })
const runs = Number(values.runs)

const PARTS: Readonly<Record<string, () => Promise<readonly Measured[]>>> = {
  cli: () => measureCommandLine(runs),
  up: () => measureCluster(runs),
  pod: () => measurePods(Math.max(runs, 100)),
  thousand: () => measureThousand(Math.max(1, Math.round(runs / 3))),
}

const chosen = values.only?.split(',') ?? Object.keys(PARTS)
const rows: Measured[] = []
for (const name of chosen) rows.push(...(await PARTS[name]!()))
report('start', rows, { runs, parts: chosen })
