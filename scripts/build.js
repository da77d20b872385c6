/** Bundles the programs of the package into dist/: the command line, the cluster's processes and what runs inside pods. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
}

/** The command line is split, so that a command loads only what it needs. */
const COMMAND_LINE = { solvent: 'src/cli/main.ts' }

/** Programs that start often or first: one file each, no chunk to look for. */
const PROGRAMS = {
  server: 'src/cluster/server-main.ts',
  spawner: 'src/node/spawner/main.ts',
  warm: 'src/node/runtimes/warm-main.ts',
  batch: 'src/runtimes/batch/main.ts',
}

const built = await Promise.all([
  build({ ...shared, metafile: true, entryPoints: COMMAND_LINE, outdir: 'dist/cli', format: 'esm', splitting: true }),
  ...Object.entries(PROGRAMS).map(([name, entry]) =>
    build({ ...shared, metafile: true, entryPoints: { [name]: entry }, outdir: 'dist', format: 'esm' }),
  ),
])

// What an earlier build left goes last: a command that runs meanwhile finds its chunks to the end.
const fresh = new Set(built.flatMap(({ metafile }) => Object.keys(metafile.outputs)))
for (const name of readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })) {
  const file = `dist/${name}`
  if (/\.js(\.map)?$/.test(file) && !fresh.has(file)) rmSync(join(root, file), { force: true })
}
