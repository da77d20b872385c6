/**
 * A cluster with 2,000 pods on simulated nodes and 100 real ones: what its programs take of memory and processor when nothing happens, and
 * how long everything takes to be as it was when all of them are killed and `up` is said again.
 */
import type { HttpApi } from '../../src/client/http-api.ts'
import type { Measured } from '../harness/report.ts'
import { deploy, isAvailable, isReady, podsOf, until } from './deployments.ts'
import { up, withCluster } from './own-cluster.ts'
import { cpuSeconds, isProgram, killTogether, type Process, processesOf, pssBytes } from './programs.ts'

export interface FullOptions {
  readonly processes: 'one' | 'several'
  readonly fake: number
  readonly real: number
  readonly idleSeconds: number
  readonly restarts: number
}

const MEGABYTE = 1e6
const PSS_BAR = { one: 400, several: 600 }
const IDLE_BAR_PERCENT = 3
const RESTART_BAR_SECONDS = 5
const FAKE_PODS_A_NODE = 100

const isPod = (command: string): boolean => command.startsWith('sleep ')

export async function measureFullCluster(options: FullOptions): Promise<readonly Measured[]> {
  const { processes, fake, real, idleSeconds, restarts } = options
  const words = ['--processes', processes, '--fake-nodes', String(Math.ceil(fake / FAKE_PODS_A_NODE))]
  return withCluster(words, async (state, api) => {
    await deploy(api, 'real', 'sleeper', real)
    await deploy(api, 'fake', 'fake', fake)
    await until('all pods run', () => isWhole(api, options))
    await pause(idleSeconds * 1000)
    const own = processesOf(state, isPod)
    const programs = own.filter(isProgram)
    const pss = sum(own, pssBytes) / MEGABYTE
    const pssOfPrograms = sum(programs, pssBytes) / MEGABYTE
    const cpu = await idlePercent(own, idleSeconds)
    const seconds: number[] = []
    for (let i = 0; i < restarts; i++) seconds.push(await restart(state, api, options, i))
    const title = `${fake} simulated pods, ${real} real ones, ${processes === 'one' ? 'one process' : 'several processes'}`
    return [
      { what: `${title}: sum of PSS`, unit: 'MB', values: [pss], bar: { at: 'most', value: PSS_BAR[processes] } },
      { what: '  of it API, controllers, … and spawner', unit: 'MB', values: [pssOfPrograms] },
      { what: '  idle processor', unit: '% of a core', values: [cpu], bar: { at: 'most', value: IDLE_BAR_PERCENT } },
      {
        what: '  all programs killed, then up: everything as it was',
        unit: 's',
        values: seconds,
        bar: { at: 'most', value: RESTART_BAR_SECONDS },
      },
    ]
  })
}

async function isWhole(api: HttpApi, { fake, real }: FullOptions): Promise<boolean> {
  if (!(await isAvailable(api, 'real')) || !(await isAvailable(api, 'fake'))) return false
  const ready = async (name: string): Promise<number> => (await podsOf(api, name)).filter(isReady).length
  return (await ready('real')) === real && (await ready('fake')) === fake
}

/** Everything is as it was, and what is asked now is done: one more pod runs. */
async function restart(state: string, api: HttpApi, options: FullOptions, round: number): Promise<number> {
  const before = (await podsOf(api, 'real')).map(({ metadata }) => metadata.uid).sort()
  killTogether(processesOf(state, isPod).filter(isProgram))
  const begun = performance.now()
  await up(state)
  await deploy(api, `after-${round}`, 'sleeper', 1)
  await until(
    'everything is as it was',
    async () => (await isAvailable(api, `after-${round}`)) && isWhole(api, options),
  )
  const seconds = (performance.now() - begun) / 1000
  const after = (await podsOf(api, 'real')).map(({ metadata }) => metadata.uid).sort()
  if (JSON.stringify(before) !== JSON.stringify(after)) throw new Error('pods were replaced by the restart')
  return seconds
}

async function idlePercent(own: readonly Process[], seconds: number): Promise<number> {
  const before = sum(own, cpuSeconds)
  await pause(seconds * 1000)
  return ((sum(own, cpuSeconds) - before) / seconds) * 100
}

const sum = <T>(items: readonly T[], amountOf: (item: T) => number): number =>
  items.reduce((total, item) => total + amountOf(item), 0)

const pause = (ms: number): Promise<void> => new Promise(resume => setTimeout(resume, ms))
