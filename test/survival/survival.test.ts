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
      const converged: number[] = []
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
          await convergence(() => checker.problems(nodes), `${names(chosen)} killed in round ${round}`)
          converged.push(performance.now() - begun)
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

async function convergence(problems: () => Promise<readonly string[]>, what: string): Promise<void> {
  const end = performance.now() + CONVERGED_MS
  for (;;) {
    const left = await problems().catch((error: Error) => [error.message])
    if (left.length === 0) return
    if (performance.now() > end) throw new Error(`${what}, and after ${CONVERGED_MS / 1000} s:\n${left.join('\n')}`)
    await pause(50)
  }
}

function report(title: string, converged: readonly number[], counts: Readonly<Record<string, number>>): void {
  const sorted = [...converged].sort((a, b) => a - b)
  const at = (share: number): string => `${Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)} ms`
  const { writes, requests, changes } = counts
  console.log(
    `${title}: converged p50 ${at(0.5)}, p90 ${at(0.9)}, max ${at(1)} after a kill; ` +
      `${writes} writes, ${changes} changes, ${requests} requests`,
  )
}
