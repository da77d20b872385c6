/** Bundles the programs of the package into dist/: the command line, the cluster's processes and what runs inside pods. */
import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { AS_COMMONJS } from './as-commonjs.js'

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

/**
 * Programs whose start somebody waits for: one file each, which bin/bundle.js runs from V8's code cache. What is imported in the middle
 * of the code (`await import()`) is in the same file and does nothing until then.
 */
const STARTED = {
  solvent: 'src/cli/main.ts',
  server: 'src/cluster/server-main.ts',
  spawner: 'src/node/spawner/main.ts',
  agent: 'src/cluster/agent-main.ts',
  controllers: 'src/cluster/controllers-main.ts',
  scheduler: 'src/cluster/scheduler-main.ts',
  network: 'src/cluster/network-main.ts',
}

/** Programs that are imported, or import what a user wrote. */
const IMPORTED = {
  warm: 'src/node/runtimes/warm-main.ts',
  batch: 'src/runtimes/batch/main.ts',
  proxy: 'src/network/process/proxy-main.ts',
  serve: 'src/runtimes/server/main.ts',
}

/** Pages and what they run beside themselves, for a browser: everything inside, no address but their own. */
const PAGES = { app: 'src/web/main.tsx', 'plan-worker': 'src/web/plan/plan-worker.ts', style: 'src/web/style.css' }

const programs = (entries, options) =>
  Object.entries(entries).map(([name, entry]) =>
    build({ ...shared, ...options, metafile: true, entryPoints: { [name]: entry }, outdir: 'dist' }),
  )

const built = await Promise.all([
  ...programs(STARTED, AS_COMMONJS),
  ...programs(IMPORTED, { format: 'esm' }),
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

// Python as it is: what runs inside pods with torch, and what measures.
cpSync(join(root, 'src/runtimes/torch/solvent_torch'), join(root, 'dist/torch/solvent_torch'), {
  recursive: true,
  filter: path => !path.includes('__pycache__'),
})

// What an earlier build left goes last: a command that runs meanwhile finds its chunks to the end.
const fresh = new Set(built.flatMap(({ metafile }) => Object.keys(metafile.outputs)))
for (const name of readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })) {
  const file = `dist/${name}`
  if (/\.c?js(\.map)?$/.test(file) && !fresh.has(file)) rmSync(join(root, file), { force: true })
}
