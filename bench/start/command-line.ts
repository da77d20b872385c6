/** The command line's own cost, over an empty Node script in the same rounds; a plan with all that is said about it, from end to end. */
import { join } from 'node:path'
import { packageRoot } from '../../src/base/package-root.ts'
import { interleave, type Measured } from '../harness/report.ts'
import { emptyScript, solvent, timeProgram, withCluster } from './own-cluster.ts'

export function measureCommandLine(runs: number): Promise<readonly Measured[]> {
  return withCluster(async (state, _api, folder) => {
    const empty = emptyScript(folder)
    const node = process.execPath
    const job = join(packageRoot(), 'examples/llama/job.yaml')
    const times = await interleave(runs, {
      empty: () => timeProgram([node, empty]),
      version: () => timeProgram([node, solvent, '--version']),
      get: () => timeProgram([node, solvent, 'get', 'pods', '--state', state]),
      plan: () => timeProgram([node, solvent, 'plan', job, '--state', join(folder, 'none')]),
    })
    const rival = { what: 'empty Node script', values: times.empty, as: 'minus' } as const
    return [
      { what: 'solvent --version', unit: 'ms', values: times.version, rival, bar: { at: 'most', value: 40 } },
      {
        what: 'solvent get pods, running cluster',
        unit: 'ms',
        values: times.get,
        rival,
        bar: { at: 'most', value: 90 },
      },
      { what: 'solvent plan examples/llama', unit: 'ms', values: times.plan, bar: { at: 'most', value: 250 } },
    ]
  })
}
