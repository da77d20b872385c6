/** Bundles the programs of the package into dist/: the command line, the cluster's processes and what runs inside pods. */
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
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

/** As modules of its own: eighty files for `require` take longer than reading a declaration. */
const YAML = fileURLToPath(import.meta.resolve('yaml')).replace('dist/index.js', 'browser/dist/index.js')

/** So is the server: what few clusters need comes when they need it. */
const SERVER = { server: 'src/cluster/server-main.ts' }

/** Programs that start often or first: one file each, no chunk to look for. */
const PROGRAMS = {
  spawner: 'src/node/spawner/main.ts',
  warm: 'src/node/runtimes/warm-main.ts',
  batch: 'src/runtimes/batch/main.ts',
}

/** Pages and what they run beside themselves, for a browser: everything inside, no address but their own. */
const PAGES = { app: 'src/web/main.tsx', 'plan-worker': 'src/web/plan/plan-worker.ts', style: 'src/web/style.css' }

const built = await Promise.all([
  build({
    ...shared,
    metafile: true,
    entryPoints: COMMAND_LINE,
    outdir: 'dist/cli',
    format: 'esm',
    splitting: true,
    alias: { yaml: YAML },
  }),
  build({
    ...shared,
    metafile: true,
    entryPoints: SERVER,
    outdir: 'dist',
    chunkNames: 'server/[name]-[hash]',
    format: 'esm',
    splitting: true,
  }),
  ...Object.entries(PROGRAMS).map(([name, entry]) =>
    build({ ...shared, metafile: true, entryPoints: { [name]: entry }, outdir: 'dist', format: 'esm' }),
  ),
  build({
    ...shared,
    metafile: true,
    entryPoints: PAGES,
    outdir: 'dist/web',
    platform: 'browser',
    target: ['chrome120', 'firefox120', 'safari17'],
    packages: 'bundle',
    minify: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
  }),
])

mkdirSync(join(root, 'dist/web'), { recursive: true })
copyFileSync(join(root, 'src/web/index.html'), join(root, 'dist/web/index.html'))

// What an earlier build left goes last: a command that runs meanwhile finds its chunks to the end.
const fresh = new Set(built.flatMap(({ metafile }) => Object.keys(metafile.outputs)))
for (const name of readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })) {
  const file = `dist/${name}`
  if (/\.js(\.map)?$/.test(file) && !fresh.has(file)) rmSync(join(root, file), { force: true })
}
