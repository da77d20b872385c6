/**
 * npm run bench:apiserver -- [--runs N] [--only creates,gets,patches,list,watch,memory,start] [--sync on|off|both] [--scale 0.2]
 *
 * Our API server beside kube-apiserver + etcd in the same run: this process is the load generator and has one core, the servers have
 * another. The same client, JSON, TLS cipher, keys, admission and RBAC (a ServiceAccount with one Role) on both sides; figures are medians of
 * runs that alternate between the sides. Needs Linux, two cores, and the binaries that `npm run test:cluster` builds.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { program } from '../test/cluster/build-kubernetes.ts'
import { createsPerSecond, getsPerSecond, listMs, patchesPerSecond, watchLatency } from './apiserver/measures.ts'
import { prepare } from './apiserver/prepare.ts'
import type { Endpoint } from './apiserver/raw-client.ts'
import { ourSide, type Side, upstreamSide } from './apiserver/servers.ts'
import { type Measured, progress, report } from './harness/report.ts'

/** As long as it takes both collectors to give back what the load has left behind. */
const SETTLE_MS = 20_000
const CLIENT_CORE = 0
const SERVER_CORE = 1

const ALL = ['creates', 'gets', 'patches', 'list', 'watch', 'memory', 'start'] as const
type Figure = (typeof ALL)[number]

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    only: { type: 'string', default: ALL.join(',') },
    sync: { type: 'string', default: 'both' },
    scale: { type: 'string', default: '1' },
  },
})
const runs = Number(options.runs)
/** For a quick look: so much of everything. The rows say how much that is. */
const scaled = (count: number): number => Math.round(count * Number(options.scale))
const PODS = scaled(10_000)
const MEMORY_PODS = scaled(50_000)
const GETS = scaled(20_000)
const PATCHES = scaled(5_000)
const EVENTS = scaled(250)
const only = new Set<Figure>(
  options.only.split(',').map(name => {
    const figure = ALL.find(each => each === name)
    if (!figure) throw new Error(`--only ${name}: there is ${ALL.join(', ')}`)
    return figure
  }),
)

interface Row extends Omit<Measured, 'values' | 'rival'> {
  /** More of it is better (a rate), or less (a time, bytes). */
  readonly better: 'more' | 'less'
}

/** What is asked of the ratio to the rival: the bars of the table in `docs/api-server.md`; 0.8 is the floor under everything. */
const ROWS: Readonly<Record<string, Row>> = {
  creates: { what: 'creates of pods', unit: '/s', better: 'more', bar: { at: 'least', value: 1.2 } },
  gets: { what: 'gets of pods', unit: '/s', better: 'more', bar: { at: 'least', value: 1.2 } },
  patches: { what: 'strategic merge patches', unit: '/s', better: 'more', bar: { at: 'least', value: 0.8 } },
  list: { what: `list of ${PODS} pods`, unit: 'ms', better: 'less', bar: { at: 'least', value: 0.8 } },
  listPacked: { what: 'the same, gzip', unit: 'ms', better: 'less', bar: { at: 'least', value: 0.8 } },
  watchP50: { what: 'event to 100 watchers, p50', unit: 'ms', better: 'less', bar: { at: 'least', value: 0.8 } },
  watchP99: { what: 'event to 100 watchers, p99', unit: 'ms', better: 'less', bar: { at: 'least', value: 0.8 } },
  memory: { what: `memory at ${MEMORY_PODS} pods`, unit: 'MB', better: 'less', bar: { at: 'least', value: 2 } },
  start: { what: 'start to first answered list', unit: 'ms', better: 'less', bar: { at: 'least', value: 10 } },
}

type Samples = Record<string, { ours: number[]; theirs: number[] }>

const note = (samples: Samples, row: string, isOurs: boolean, value: number): void => {
  samples[row] ??= { ours: [], theirs: [] }
  samples[row][isOurs ? 'ours' : 'theirs'].push(value)
}

/** The figures of one side in one round; the other is stopped meanwhile. */
async function measure(side: Side, user: Endpoint, round: number, add: (row: string, value: number) => void) {
  if (round === 0 || only.has('creates')) {
    const from = round * PODS
    const created = await createsPerSecond(user, from, from + PODS)
    // The first round is the warm-up of all that comes.
    if (round > 0) add('creates', created)
  }
  if (round === 0) return
  if (only.has('gets')) add('gets', await getsPerSecond(user, GETS, PODS))
  if (only.has('patches')) add('patches', await patchesPerSecond(user, PATCHES, PODS, round))
  if (only.has('watch')) {
    const { p50, p99 } = await watchLatency(user, EVENTS, PODS)
    add('watchP50', p50)
    add('watchP99', p99)
  }
  progress(`round ${round} of ${runs}: ${side.name}`)
}

/** Lists come last, from servers that hold 10,000 pods and no more. */
async function measureLists(user: Endpoint, add: (row: string, value: number) => void) {
  for (const [row, gzip] of [
    ['list', false],
    ['listPacked', true],
  ] as const) {
    add(row, await listMs(user, PODS, gzip))
  }
}

/** Ours, theirs; theirs, ours: a drift of the machine hits both alike. */
const inTurn = (round: number, sides: readonly Side[]): readonly Side[] =>
  round % 2 === 0 ? sides : [...sides].reverse()

async function throughput(sides: readonly Side[], samples: Samples): Promise<void> {
  const users = new Map<Side, Endpoint>()
  for (const side of sides) {
    await side.start()
    users.set(side, await prepare(side))
    side.pause()
  }
  const rounds = only.has('creates') || only.has('gets') || only.has('patches') || only.has('watch') ? runs : 0
  const alone = async (
    side: Side,
    work: (user: Endpoint, add: (row: string, value: number) => void) => Promise<void>,
  ) => {
    await side.resume()
    await work(users.get(side)!, (row, value) => note(samples, row, side === sides[0], value))
    side.pause()
  }
  for (let round = 0; round <= rounds; round++) {
    for (const side of inTurn(round, sides)) await alone(side, (user, add) => measure(side, user, round, add))
    if (round > 0 || !only.has('list')) continue
    for (let list = 0; list <= runs; list++) {
      // The first one of each side is a warm-up.
      for (const side of inTurn(list, sides))
        await alone(side, (user, add) => measureLists(user, list > 0 ? add : () => {}))
    }
  }
  for (const side of sides) await side.stop()
}

async function memory(sides: readonly Side[], samples: Samples): Promise<void> {
  for (const side of sides) {
    await side.start()
    const user = await prepare(side)
    await createsPerSecond(user, 0, MEMORY_PODS)
    await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
    note(samples, 'memory', side === sides[0], side.pssBytes() / 1e6)
    await side.stop()
  }
}

async function coldStarts(sides: readonly Side[], samples: Samples): Promise<void> {
  for (let round = 0; round < runs; round++) {
    for (const side of inTurn(round, sides)) {
      note(samples, 'start', side === sides[0], await side.start())
      await side.stop()
    }
  }
}

const rowsOf = (samples: Samples, suffix: string): readonly Measured[] =>
  Object.entries(samples).map(([name, { ours, theirs }]) => {
    const { better, ...row } = ROWS[name]!
    return {
      ...row,
      what: `${row.what}${suffix}`,
      values: ours,
      rival: { what: 'kube-apiserver + etcd', values: theirs, as: better === 'more' ? 'ratio' : 'speed-up' },
    }
  })

async function main(): Promise<void> {
  execFileSync('taskset', ['-acp', String(CLIENT_CORE), String(process.pid)], { stdio: 'ignore' })
  const kubernetes = await program('kubernetes')
  const folder = mkdtempSync(join(tmpdir(), 'solvent-bench-'))
  const rows: Measured[] = []
  for (const sync of options.sync === 'both' ? [true, false] : [options.sync === 'on']) {
    const place = { folder: join(folder, 'ours'), sync, core: SERVER_CORE }
    const sides = [await ourSide(place), upstreamSide({ ...place, folder: join(folder, 'theirs'), kubernetes })]
    const samples: Samples = {}
    try {
      if (only.has('start')) await coldStarts(sides, samples)
      if ((['creates', 'gets', 'patches', 'list', 'watch'] as const).some(name => only.has(name)))
        await throughput(sides, samples)
      // Whether the disk is waited for changes nothing in what is held.
      if (only.has('memory') && (sync === false || options.sync !== 'both')) await memory(sides, samples)
    } finally {
      for (const side of sides) await side.stop()
    }
    rows.push(...rowsOf(samples, sync ? ', fsync' : ', no fsync'))
  }
  rmSync(folder, { recursive: true, force: true })
  report('apiserver', rows, {
    runs,
    pods: PODS,
    memoryPods: MEMORY_PODS,
    cores: { client: CLIENT_CORE, servers: SERVER_CORE },
    connections: 16,
    user: 'a ServiceAccount with one Role (RBAC), TLS 1.3 with AES-128-GCM, HTTP/1.1, JSON',
    rival: 'kube-apiserver and etcd as test/cluster builds them',
  })
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
await main()
