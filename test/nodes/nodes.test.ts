/** The package on the newest Nodes it promises: command line, cluster, a job with TypeScript functions, a warm start. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EmbeddedCluster, repository, rowsIn, runProgram } from '../e2e/embedded-cluster.ts'

const NODES = ['node22', 'node24']

test.skipIf(process.platform !== 'linux' || process.arch !== 'x64').each(NODES)(
  '%s runs a declared job',
  async name => {
    const node = join(import.meta.dirname, 'node_modules', name, 'bin/node')
    const { folder, state } = new EmbeddedCluster()
    const solvent = (...args: string[]) =>
      runProgram([node, join(repository, 'bin/solvent.js'), ...args, '--state', state], { cwd: folder })
    try {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'input.txt'), 'a b a\nb a\n')
      writeFileSync(
        join(folder, 'map.ts'),
        'export const words = (line: string): [string, number][] => line.split(" ").map(word => [word, 1])\n',
      )
      writeFileSync(
        join(folder, 'job.yaml'),
        `apiVersion: solvent.dev/v1alpha1
kind: BatchJob
metadata: { name: nodes }
spec:
  input: { text: input.txt }
  map: { module: ./map.ts, export: words }
  reduce: sum
  output: { jsonl: out/ }
`,
      )
      const { code, stderr } = await solvent('run', 'job.yaml')
      expect(`${code} ${stderr}`).toMatch(/^0/)
      const rows = rowsIn(join(folder, 'out'))
      expect(Object.fromEntries(rows.map(({ key, value }) => [key, value]))).toEqual({ a: 3, b: 2 })
      const { stdout } = await runProgram([node, join(repository, 'bin/solvent.js'), 'version', '-o', 'json'])
      expect(JSON.parse(stdout).node).toMatch(new RegExp(`^v${name.slice('node'.length)}\\.`))
    } finally {
      await solvent('down')
    }
  },
  120_000,
)
