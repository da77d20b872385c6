/** What namespaces add to a pod's start: the same Job in a cluster with all of them and in one with none. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeObject } from '../../src/kube/object.ts'
import { interleave, type Measured } from '../harness/report.ts'
import { metadataOf, type Place, pause, withPlace } from './place.ts'

const FIRST_LINE = `const first = process.hrtime.bigint()
require('node:fs').writeFileSync(process.argv[2], String(first))
`

export async function measurePodStart(rounds: number): Promise<readonly Measured[]> {
  return withPlace({}, full =>
    withPlace({ SOLVENT_ISOLATION: 'none' }, async bare => {
      const times = await interleave(rounds, { full: starting(full), bare: starting(bare) }, 3)
      return [
        {
          what: 'POST of a Job to first line, with namespaces',
          unit: 'ms',
          values: times.full,
          rival: { what: 'without', values: times.bare, as: 'minus' },
          bar: { at: 'most', value: 10 },
        },
      ]
    }),
  )
}

function starting({ api, folder }: Place): (round: number) => Promise<number> {
  const script = join(folder, 'first-line.cjs')
  writeFileSync(script, FIRST_LINE)
  let id = 0
  return async () => {
    // The pool of waiting processes fills up again.
    await pause(300)
    const name = `first-${id++}`
    const answer = join(folder, name)
    const container = { name: 'c', image: 'none', command: ['node', script, answer] }
    const spec = { template: { spec: { restartPolicy: 'Never', containers: [container] } } }
    const posted = process.hrtime.bigint()
    await api.create({ apiVersion: 'batch/v1', kind: 'Job', metadata: metadataOf(name), spec } as KubeObject)
    const first = await written(answer)
    rmSync(answer)
    return Number(first - posted) / 1e6
  }
}

async function written(file: string): Promise<bigint> {
  for (;;) {
    await pause(3)
    try {
      const text = readFileSync(file, 'utf8')
      if (text !== '') return BigInt(text)
    } catch {
      // Not yet.
    }
  }
}
