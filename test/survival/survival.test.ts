/**
 * Kill what you like, when you like, alone or together: whatever is left brings the others back, pods notice nothing, no acknowledged write
 * is lost, and everything converges. `SOLVENT_KILLS=500 npm run test:survival` for the full count, `SOLVENT_SEED` to see one again.
 */
import { expect, test } from 'vitest'
import { createHttpApi, type HttpApi } from '../../src/client/http-api.ts'
import { EmbeddedCluster } from '../e2e/embedded-cluster.ts'
import { startChecker } from './checker.ts'
import { killTogether, type Program, programsOf } from './cluster-programs.ts'
import { createRandom, type Random } from './random.ts'

const KILLS = Number(process.env.SOLVENT_KILLS ?? 24)
const SEED = Number(process.env.SOLVENT_SEED ?? Date.now() % 1_000_000)
/** For a machine on which other things run. The figures that are printed are to be looked at. */
const CONVERGED_MS = 30_000

interface Layout {
  readonly title: string
  readonly up: readonly string[]
  readonly nodes: number
  readonly share: number
}

const LAYOUTS: readonly Layout[] = [
  { title: 'one process, one node', up: [], nodes: 1, share: 0.25 },
  { title: 'one process, three nodes', up: ['--nodes', '3'], nodes: 3, share: 0.375 },
  { title: 'several processes, two nodes', up: ['--processes', 'several', '--nodes', '2'], nodes: 2, share: 0.375 },
]

/** Mostly one; sometimes a few, all but one, or all. */
function victims(programs: readonly Program[], random: Random): readonly Program[] {
  const dice = random.next()
  const mixed = random.shuffled(programs)
  if (dice < 0.55) return mixed.slice(0, 1)
  if (dice < 0.8) return mixed.slice(0, 2)
  if (dice < 0.93) return mixed.slice(0, programs.length - 1)
  return mixed
}

const pause = (ms: number): Promise<void> => new Promise(resume => setTimeout(resume, ms))

for (const { title, up, nodes, share } of LAYOUTS) {
  const kills = Math.max(1, Math.round(KILLS * share))
  test.skipIf(process.platform !== 'linux')(
    `${title}: ${kills} kills at random moments (seed ${SEED})`,
    async () => {
      const random = createRandom(SEED)
      const cluster = new EmbeddedCluster()
      const started = await cluster.solvent(['up', ...up])
      expect(`${started.code} ${started.stderr}`).toMatch(/^0/)
      const converged: Converged[] = []
      const all = new Set(programsOf(cluster).map(({ name }) => name))
      let api: HttpApi = await connected(cluster)
      const checker = await startChecker(() => api, random)
      try {
        for (let round = 0; round < kills; round++) {
          await pause(random.whole(0, 600))
          const programs = programsOf(cluster)
          const chosen = victims(programs, random)
          killTogether(chosen)
          const begun = performance.now()
          // Nobody is left who could bring anybody back.
          if (chosen.length === programs.length) await cluster.solvent(['up'])
          // Every third time the next one is killed while the last one is on its way back.
          if (round % 3 === 2 && round < kills - 1) continue
          await checker.rest()
          const what = `${names(chosen)} killed in round ${round}`
          const back = await untilBack(cluster, all, chosen, what)
          const last = await convergence(() => checker.problems(nodes), what)
          converged.push({ what, backMs: back - begun, ms: performance.now() - begun, last })
          expect(checker.broken, `after ${names(chosen)} was killed in round ${round}`).toEqual([])
          api.close()
          api = await connected(cluster)
          checker.go()
        }
        report(title, converged, checker.counts)
      } finally {
        await checker.stop()
        api.close()
        await cluster.down()
      }
    },
    kills * 60_000 + 60_000,
  )
}

const names = (programs: readonly Program[]): string => programs.map(({ name }) => name).join(', ')

async function connected(cluster: EmbeddedCluster): Promise<HttpApi> {
  const { connection, close } = await cluster.api()
  close()
  return createHttpApi(connection, { patienceMs: 3_000 })
}

interface Converged {
  readonly what: string
  /** Until all programs ran again. */
  readonly backMs: number
  readonly ms: number
  /** What was missing longest. */
  readonly last: readonly string[]
}

/** When every program that the cluster had runs again, and none of them is one that was killed. */
async function untilBack(
  cluster: EmbeddedCluster,
  all: ReadonlySet<string>,
  killed: readonly Program[],
  what: string,
): Promise<number> {
  const end = performance.now() + CONVERGED_MS
  for (;;) {
    const running = programsOf(cluster).filter(({ pid }) => !killed.some(each => each.pid === pid))
    const missing = [...all].filter(name => !running.some(each => each.name === name))
    if (missing.length === 0) return performance.now()
    if (performance.now() > end) throw new Error(`${what}, and not back: ${missing.join(', ')}`)
    await pause(10)
  }
}

/** What held last of all. */
async function convergence(problems: () => Promise<readonly string[]>, what: string): Promise<readonly string[]> {
  const end = performance.now() + CONVERGED_MS
  let before: readonly string[] = []
  for (;;) {
    const left = await problems().catch((error: Error) => [error.message])
    if (left.length === 0) return before
    before = left
    if (performance.now() > end) throw new Error(`${what}, and after ${CONVERGED_MS / 1000} s:\n${left.join('\n')}`)
    await pause(50)
  }
}

function report(title: string, converged: readonly Converged[], counts: Readonly<Record<string, number>>): void {
  const at = (share: number, msOf: (each: Converged) => number): number => {
    const sorted = converged.map(msOf).sort((a, b) => a - b)
    return Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
  }
  const figures = (msOf: (each: Converged) => number): string =>
    `p50 ${at(0.5, msOf)}, p90 ${at(0.9, msOf)}, max ${at(1, msOf)} ms`
  const slowest = [...converged].sort((a, b) => b.ms - a.ms)[0]
  const { writes, requests, changes } = counts
  console.log(
    [
      `${title}: ${writes} writes, ${changes} changes, ${requests} requests`,
      `  programs back after a kill: ${figures(({ backMs }) => backMs)}`,
      `  converged: ${figures(({ ms }) => ms)}; the slowest: ${slowest?.what}: ${slowest?.last.join('; ')}`,
    ].join('\n'),
  )
}
