/**
 * What a failure costs those who ask: kills, rolling updates, configuration. `npm run bench:faults -- [--seconds 60] [--only kills,rollouts,edits]`
 */
import { parseArgs } from 'node:util'
import type { HttpApi } from '../src/client/http-api.ts'
import { editConfig } from './faults/edits.ts'
import { killRows, killUnderLoad } from './faults/kills.ts'
import { rollOutUnderLoad, rolloutRows } from './faults/rollouts.ts'
import { type Measured, progress, report } from './harness/report.ts'
import { withCluster } from './start/own-cluster.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    every: { type: 'string', default: '2' },
    only: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const everyMs = Number(values.every) * 1000
const KEPT = 1000
const FRESH = 300

type Part = (state: string, api: HttpApi) => Promise<readonly Measured[]>

const PARTS: Readonly<Record<string, Part>> = {
  async kills(state, api) {
    const rows: Measured[] = []
    for (const start of ['warm', 'cold'] as const) {
      for (const keepAlive of [true, false]) {
        const ratePerSecond = keepAlive ? KEPT : FRESH
        const name = `kill -9 every ${everyMs / 1000} s, ${start}, ${ratePerSecond}/s ${keepAlive ? 'kept' : 'fresh'}`
        progress(name)
        const killed = await killUnderLoad({ state, api, start, keepAlive, ratePerSecond, seconds, everyMs })
        rows.push(...killRows(name, killed, start === 'warm' ? 150 : 600))
      }
    }
    return rows
  },
  async rollouts(_, api) {
    const rows: Measured[] = []
    for (const manners of ['graceful', 'abrupt'] as const) {
      for (const keepAlive of [true, false]) {
        const ratePerSecond = keepAlive ? KEPT : FRESH
        const name = `update and rollback, ${manners}, ${ratePerSecond}/s ${keepAlive ? 'kept' : 'fresh'}`
        progress(name)
        const rolled = await rollOutUnderLoad({ api, manners, keepAlive, ratePerSecond })
        rows.push(...rolloutRows(name, rolled, manners, keepAlive))
      }
    }
    return rows
  },
  async edits(_, api) {
    progress('edits of a ConfigMap')
    const tookMs = await editConfig(api, 20)
    const bar = { at: 'most', value: 1000 } as const
    return [{ what: 'ConfigMap edit to file, three pods', unit: 'ms', values: tookMs, judge: 'max', bar }]
  },
}

const chosen = values.only?.split(',') ?? Object.keys(PARTS)
const rows = await withCluster(async (state, api) => {
  const found: Measured[] = []
  for (const name of chosen) found.push(...((await PARTS[name]?.(state, api)) ?? []))
  return found
})
report('faults', rows, { seconds, everyMs, parts: chosen })
