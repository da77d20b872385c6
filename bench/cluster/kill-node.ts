/** One of three nodes killed, its agent and its spawner, and kept down: how long until as many pods as before serve, all of them elsewhere. */
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { HttpApi } from '../../src/client/http-api.ts'
import type { Measured } from '../harness/report.ts'
import { answers, deploy, isReady, podsOf, readyNodes, until } from './deployments.ts'
import { withCluster } from './own-cluster.ts'
import { isProgram, killTogether, processesOf } from './programs.ts'

const REPLICAS = 6
/** Lease grace 4 s, tolerationSeconds 1 s, and a second to start them elsewhere. */
const BAR_SECONDS = 6

export async function measureKilledNode(runs: number): Promise<readonly Measured[]> {
  const values: number[] = []
  for (let run = 0; run < runs; run++) {
    values.push(await withCluster(['--nodes', '3'], once))
  }
  return [
    {
      what: 'one of three nodes killed and kept down: its pods serve elsewhere',
      unit: 's',
      values,
      bar: { at: 'most', value: BAR_SECONDS },
      judge: 'max',
    },
  ]
}

async function once(state: string, api: HttpApi): Promise<number> {
  await until('three nodes are Ready', async () => (await readyNodes(api)) === 3)
  await deploy(api, 'web', 'server', REPLICAS)
  await until('all serve', async () => (await podsOf(api, 'web')).filter(isReady).length === REPLICAS)
  const nodes = new Set((await podsOf(api, 'web')).map(({ spec }) => spec.nodeName ?? ''))
  const victim = [...nodes].find(node => /-\d+$/.test(node))
  if (victim === undefined) throw new Error(`no pod runs on a further node, only on ${[...nodes].join(', ')}`)
  const folder = join(state, 'nodes', victim)
  writeFileSync(join(folder, 'off'), '')
  const begun = performance.now()
  killTogether(
    processesOf(folder, () => false)
      .filter(isProgram)
      .filter(each => each.command.includes(basename(folder))),
  )
  await until('its pods serve elsewhere', async () => {
    const serving = (await podsOf(api, 'web')).filter(pod => isReady(pod) && pod.spec.nodeName !== victim)
    if (serving.length < REPLICAS) return false
    return (await Promise.all(serving.map(({ status }) => answers(status?.podIP ?? '')))).every(Boolean)
  })
  return (performance.now() - begun) / 1000
}
