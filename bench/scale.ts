/**
 * A load that grows tenfold in a step, and falls again: how soon the replicas follow, and what it costs those who ask.
 * `npm run bench:scale -- [--rate 10] [--stabilization 60]` (300 is Kubernetes' default; a run takes two minutes and the stabilisation)
 */
import { parseArgs } from 'node:util'
import { type Measured, progress, report } from './harness/report.ts'
import { startLoad } from './load/start-load.ts'
import { deployScaled, type Moment, watchScaled } from './scale/scaled-server.ts'
import { withCluster } from './start/own-cluster.ts'

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '10' }, stabilization: { type: 'string', default: '60' } },
})
const rate = Number(values.rate)
const stabilizationSeconds = Number(values.stabilization)
const PERIOD_SECONDS = 15
const TIMES = 10
/** A pod may answer a little more than the calm rate, or a request too many would ask for a second one. */
const HEADROOM = 1.05

const now = (): number => performance.timeOrigin + performance.now()
const secondsBetween = (from: number, to: number): number => (to - from) / 1000

const rows = await withCluster(async (_, api) => {
  const url = await deployScaled(api, { max: TIMES, perPod: HEADROOM * rate, stabilizationSeconds })
  const load = (ratePerSecond: number, seconds: number) =>
    startLoad({ urls: [url], mode: 'open', ratePerSecond, keepAlive: false, seconds })
  progress('one pod, until the autoscaler knows its rate')
  await watchScaled(api, ({ ready }) => ready >= 1)
  const before = load(rate, 3600)
  await watchScaled(api, moment => moment.rate > 0.9 * rate)
  const calm = await before.stop()

  const stepped = now()
  const high = load(TIMES * rate, 3600)
  const way: Moment[] = []
  await watchScaled(api, moment => {
    way.push(moment)
    progress(`${moment.wanted} wanted, ${moment.ready} ready, ${moment.rate}/s each`)
    return moment.ready === TIMES
  })
  const crowd = await high.stop()
  const first = way.find(moment => moment.rate > 1.5 * rate)?.at ?? Number.NaN
  const wanted = way.find(moment => moment.wanted === TIMES)?.at ?? Number.NaN
  const ready = way.at(-1)?.at ?? Number.NaN
  const sizes = [...new Set(way.map(moment => moment.wanted))]

  const fell = now()
  const low = load(rate, 3600)
  await watchScaled(api, moment => {
    progress(`${moment.wanted} wanted, ${moment.ready} ready, ${moment.rate}/s each`)
    return moment.wanted === 1 && moment.ready === 1
  })
  const back = secondsBetween(fell, now())
  const after = await low.stop()
  const failed = calm.failed + crowd.failed + after.failed
  const most = (value: number) => ({ at: 'most' as const, value })
  const found: readonly Measured[] = [
    {
      what: 'step to first sample of it',
      unit: 's',
      values: [secondsBetween(stepped, first)],
      bar: most(PERIOD_SECONDS + 5),
    },
    {
      what: `first sample to ${TIMES} replicas wanted`,
      unit: 's',
      values: [secondsBetween(first, wanted)],
      bar: most(2 * PERIOD_SECONDS),
    },
    {
      what: `first sample to ${TIMES} replicas ready`,
      unit: 's',
      values: [secondsBetween(first, ready)],
      bar: most(2 * PERIOD_SECONDS + 1),
    },
    {
      what: `load falls to one replica, stabilised over ${stabilizationSeconds} s`,
      unit: 's',
      values: [back],
      bar: most(stabilizationSeconds + 2 * PERIOD_SECONDS + 5),
    },
    { what: `failed of ${calm.sent + crowd.sent + after.sent} requests`, unit: '', values: [failed], bar: most(0) },
  ]
  return { found, sizes }
})
report('scale', rows.found, { rate, times: TIMES, stabilizationSeconds, sizes: rows.sizes })
