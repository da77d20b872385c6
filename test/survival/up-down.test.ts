/** `up` and `down` again and again, in every shape and with kills in between: nothing is left behind. `SOLVENT_ROUNDS=100` for the full count. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { wireName } from '../../src/network/pod-network.ts'
import { EmbeddedCluster } from '../e2e/embedded-cluster.ts'
import { killTogether, programsOf } from './cluster-programs.ts'
import { createRandom } from './random.ts'

const ROUNDS = Number(process.env.SOLVENT_ROUNDS ?? 10)
const SEED = Number(process.env.SOLVENT_SEED ?? Date.now() % 1_000_000)
const SHAPES = [
  ['--nodes', '1', '--processes', 'one'],
  ['--nodes', '3', '--processes', 'one'],
  ['--nodes', '2', '--processes', 'several'],
]
/** The kernel takes a moment to bury a process namespace and to let go of a network. */
const GONE_MS = 3_000

const POD =
  'apiVersion: v1\nkind: Pod\nmetadata: { name: sleeps }\nspec: { containers: [{ name: main, command: [sleep, "1000"] }] }\n'

const forwarding = (): string => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim()
const pause = (ms: number): Promise<void> => new Promise(resume => setTimeout(resume, ms))

function nodeFolders(state: string): readonly string[] {
  const home = join(state, 'nodes')
  return existsSync(home) ? readdirSync(home).map(name => join(home, name)) : []
}

/** What of a cluster that was ended is still there. */
function leftOf(cluster: EmbeddedCluster, nodes: readonly string[]): readonly string[] {
  const memory = [cluster.state, ...nodes].map(
    state => `/dev/shm/solvent-${createHash('sha256').update(state).digest('hex').slice(0, 12)}`,
  )
  const wire = wireName(join(cluster.state, 'network'))
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return [
    ...cluster.processes().map(({ pid, command }) => `process ${pid} ${command.slice(0, 120)}`),
    ...mounts.filter(line => [cluster.state, ...memory].some(folder => line.includes(folder))),
    ...memory.filter(folder => existsSync(folder)),
    ...Object.keys(networkInterfaces()).filter(name => name === wire),
  ]
}

test.skipIf(process.platform !== 'linux')(
  `up and down ${ROUNDS} times, kills among them (seed ${SEED})`,
  async () => {
    const random = createRandom(SEED)
    const before = forwarding()
    const cluster = new EmbeddedCluster()
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const shape = SHAPES[round % SHAPES.length]!
        const started = await cluster.solvent(['up', ...shape])
        expect(`${started.code} ${started.stderr}`).toMatch(/^0/)
        const applied = await cluster.solvent(['apply', '-f', '-'], { input: POD })
        expect(`${applied.code} ${applied.stderr}`).toMatch(/^0/)
        await pause(random.whole(0, 1_500))
        const programs = programsOf(cluster)
        const killed = random.next() < 0.5 ? random.shuffled(programs).slice(0, random.whole(1, programs.length)) : []
        killTogether(killed)
        const ended = await cluster.solvent(['down'])
        const what = `round ${round} ${shape.join(' ')}, killed ${killed.map(({ name }) => name).join(', ') || 'nothing'}`
        expect(`${ended.code} ${ended.stderr}`, what).toMatch(/^0/)
        const nodes = nodeFolders(cluster.state)
        for (const end = performance.now() + GONE_MS; leftOf(cluster, nodes).length > 0 && performance.now() < end; ) {
          await pause(50)
        }
        expect(leftOf(cluster, nodes), what).toEqual([])
        expect(forwarding(), what).toBe(before)
      }
    } finally {
      await cluster.down()
    }
  },
  ROUNDS * 60_000,
)
