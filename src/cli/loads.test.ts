import { resolve } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'

let outputs: Metafile['outputs']
beforeAll(async () => {
  const { metafile } = await build({
    absWorkingDir: resolve(import.meta.dirname, '../..'),
    entryPoints: ['src/cli/main.ts'],
    outdir: 'dist/cli',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    write: false,
  })
  outputs = metafile.outputs
})

/** All that is loaded with the bundle of a source file, dynamic imports left out. */
function loadedWith(entry: string): { readonly modules: readonly string[]; readonly bytes: number } {
  const start = Object.keys(outputs).find(path => outputs[path]!.entryPoint === entry)!
  const chunks = new Set<string>()
  const modules = new Set<string>()
  const visit = (path: string): void => {
    if (chunks.has(path)) return
    chunks.add(path)
    for (const { path: next, kind, external } of outputs[path]!.imports) {
      if (kind !== 'import-statement') continue
      if (external) modules.add(next)
      else visit(next)
    }
  }
  visit(start)
  return { modules: [...modules].sort(), bytes: [...chunks].reduce((sum, path) => sum + outputs[path]!.bytes, 0) }
}

const packages = (modules: readonly string[]): readonly string[] => modules.filter(name => !name.startsWith('node:'))

test.each(['get', 'describe', 'logs', 'events', 'wait', 'delete', 'up', 'down', 'status'])(
  '%s loads no package: no YAML parser, no bundler, no engine',
  name => {
    expect(packages(loadedWith(`src/cli/commands/${name}.ts`).modules)).toEqual([])
  },
)

test('the entry and up are small, and up speaks no HTTP', () => {
  expect(packages(loadedWith('src/cli/main.ts').modules)).toEqual([])
  expect(loadedWith('src/cli/main.ts').bytes).toBeLessThan(40_000)
  const up = loadedWith('src/cli/commands/up.ts')
  expect(up.modules).not.toContain('node:https')
  expect(up.bytes).toBeLessThan(40_000)
})

test('plan loads no bundler until there is code to bundle', () => {
  expect(packages(loadedWith('src/cli/commands/plan.ts').modules)).toEqual(['yaml'])
})

test('plan and run load no search until there is a training job', () => {
  for (const name of ['plan', 'run']) expect(loadedWith(`src/cli/commands/${name}.ts`).bytes).toBeLessThan(250_000)
})
