/**
 * Crashes of the store (2,000, or as many as SOLVENT_CRASHES says), at every kind of moment, with every kind of loss: what was acknowledged is there, what was not is there whole
 * or not at all, revisions only grow, and a second crash after the recovery finds the same. Seeded: the same crashes in every run.
 */
import { expect, test } from 'vitest'
import { openStore } from '../../src/apiserver/store/open-store.ts'
import {
  type DiskFaults,
  type Ending,
  imageAfter,
  type Operation,
  SimulatedDisk,
  seededRandom,
} from './simulated-disk.ts'
import { COMPACT_BYTES, EMPTY, runLoad, type State, stateOf, whatIsWrong } from './store-load.ts'

const POINTS_A_LOAD = 50
const CRASHES = Number(process.env.SOLVENT_CRASHES ?? 2000)
const LOADS = Math.ceil(CRASHES / POINTS_A_LOAD)

interface Tally {
  points: number
  readonly wrong: string[]
}

interface Trouble {
  readonly faults: DiskFaults
  /** The disk may refuse to take back what it has refused to make safe. */
  readonly mayComeBack?: boolean
}

async function crashEverywhere(loads: number, troubleOf: (load: number) => Trouble): Promise<Tally> {
  const tally: Tally = { points: 0, wrong: [] }
  for (let load = 0; load < loads; load++) {
    const random = seededRandom(load)
    const trouble = troubleOf(load)
    const disk = new SimulatedDisk(new Map(), random, trouble.faults)
    const operations = await runLoad(disk, random, { writers: 6, steps: 25 })
    for (let point = 0; point < POINTS_A_LOAD; point++) {
      const wrong = await crashTwice(operations, trouble, seededRandom(load * 1000 + point))
      tally.points++
      if (wrong) tally.wrong.push(`load ${load}, point ${point}: ${wrong}`)
    }
  }
  return tally
}

/**
 * Ends process or machine somewhere in `operations`, recovers, goes on for a while, and does it again. After a killed process the kernel still
 * holds what was not synced, and only the second crash may lose it: a recovery must not show what it has not made safe.
 */
async function crashTwice(
  operations: readonly Operation[],
  { mayComeBack, faults }: Trouble,
  random: () => number,
): Promise<string | undefined> {
  const done = operations.slice(0, pick(random, operations.length + 1))
  const ending: Ending = random() < 0.3 ? 'killed' : 'power'
  const left = imageAfter(new Map(), done, ending, random)
  const lies = { lies: faults.lies }
  const open = (): SimulatedDisk =>
    ending === 'killed' ? SimulatedDisk.afterKill(done, random, lies) : new SimulatedDisk(left, random, lies)
  const first = await recoveredFrom(open())
  if (typeof first === 'string') return first
  const wrong = whatIsWrong(EMPTY, done, first, mayComeBack)
  if (wrong) return `${ending}: ${wrong}`

  const log = await runLoad(open(), random, { writers: 3, steps: 4 })
  const [image, since] = ending === 'killed' ? [new Map(), done.length] : [left, 0]
  const doneThen = log.slice(0, since + pick(random, log.length - since + 1))
  const second = await recoveredFrom(new SimulatedDisk(imageAfter(image, doneThen, 'power', random), random))
  if (typeof second === 'string') return `after a second crash: ${second}`
  // Once the recovery is told, what it found counts, whichever of what had been refused that was.
  const isTold = doneThen.slice(since).some(({ kind }) => kind === 'note')
  const wrongThen =
    isTold || ending === 'power'
      ? whatIsWrong(first, doneThen.slice(since), second, mayComeBack)
      : whatIsWrong(EMPTY, doneThen, second, mayComeBack)
  return wrongThen && `${ending}, after a second crash: ${wrongThen}`
}

const pick = (random: () => number, below: number): number => Math.floor(random() * below)

async function recoveredFrom(disk: SimulatedDisk): Promise<State | string> {
  try {
    const store = await openStore(disk, { compactBytes: COMPACT_BYTES })
    const state = stateOf(store)
    await store.close()
    return state
  } catch (error) {
    return `the store does not open: ${error instanceof Error ? error.message : error}`
  }
}

/** A disk that is full for a while, now and then, and whose fsync fails once in a while; with `broken` it will not truncate either. */
function trouble(broken = false): Trouble {
  let full = 0
  const ioError = Object.assign(new Error('i/o error'), { code: 'EIO' })
  return {
    mayComeBack: broken,
    faults: {
      refuse(kind, random) {
        if (kind === 'append') {
          if (full === 0 && random() < 0.03) full = 1 + pick(random, 5)
          if (full === 0) return undefined
          full--
          return { error: Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }), partOf: random() }
        }
        if (kind === 'sync' && random() < 0.01) return { error: ioError }
        return broken && kind === 'truncate' && random() < 0.7 ? { error: ioError } : undefined
      },
    },
  }
}

const TROUBLES: readonly (() => Trouble)[] = [() => ({ faults: {} }), () => trouble(), () => trouble(true)]

test(`${LOADS * POINTS_A_LOAD} crashes lose nothing acknowledged and leave nothing half done`, async () => {
  const tally = await crashEverywhere(LOADS, load => TROUBLES[load % TROUBLES.length]!())
  expect(tally).toEqual({ points: LOADS * POINTS_A_LOAD, wrong: [] })
})

test.each([{ lies: 'sync' }, { lies: 'syncFolder' }] as const)(
  'a disk whose $lies lies is found out: this test can fail',
  async faults => {
    const tally = await crashEverywhere(4, () => ({ faults }))
    expect(tally.wrong.length).toBeGreaterThan(tally.points / 20)
  },
)

test('the loads write snapshots, turn pages, refuse writes and go on', async () => {
  const random = seededRandom(1)
  const disk = new SimulatedDisk(new Map(), random, trouble().faults)
  const operations = await runLoad(disk, random, { writers: 6, steps: 25 })
  const renamed = operations.filter(each => each.kind === 'rename')
  const segments = operations.filter(each => each.kind === 'create' && each.name.startsWith('journal-'))
  const refused = operations.findLastIndex(
    each => each.kind === 'note' && (each.note as { kind: string }).kind === 'refused',
  )
  const told = operations.findLastIndex(each => each.kind === 'note' && (each.note as { kind: string }).kind === 'told')
  expect([renamed.length > 3, segments.length > 3, refused > 0, told > refused]).toEqual([true, true, true, true])
})
