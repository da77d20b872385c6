/**
 * What a cluster of several programs withstands, and what it takes: a killed node, a restart of everything, memory and processor at rest.
 * `npm run bench:cluster -- [--runs 3] [--only node,one,several] [--fake 2000] [--real 100] [--idle 20]`
 */
import { parseArgs } from 'node:util'
import { measureFullCluster } from './cluster/full-cluster.ts'
import { measureKilledNode } from './cluster/kill-node.ts'
import { type Measured, report } from './harness/report.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    only: { type: 'string', default: 'node,one,several' },
    fake: { type: 'string', default: '2000' },
    real: { type: 'string', default: '100' },
    idle: { type: 'string', default: '20' },
  },
})
const runs = Number(values.runs)
const full = { fake: Number(values.fake), real: Number(values.real), idleSeconds: Number(values.idle), restarts: runs }

const PARTS: Readonly<Record<string, () => Promise<readonly Measured[]>>> = {
  node: () => measureKilledNode(runs),
  one: () => measureFullCluster({ ...full, processes: 'one' }),
  several: () => measureFullCluster({ ...full, processes: 'several' }),
}

const chosen = values.only.split(',')
const rows: Measured[] = []
for (const name of chosen) rows.push(...((await PARTS[name]?.()) ?? []))
report('cluster', rows, { runs, parts: chosen, ...full })
