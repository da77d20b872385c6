/** Runs a TypeScript program of the repository (`node scripts/run-ts.js bench/start.ts ARGS`) on any Node: bundled to a file, then imported. */
import { mkdirSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const entry = process.argv[2]
if (!entry) {
  console.error('usage: node scripts/run-ts.js FILE.ts [ARGUMENT ...]')
  process.exit(2)
}
// Beside node_modules, so that packages resolve from the bundle as from the source.
const folder = fileURLToPath(new URL('../node_modules/.cache/run-ts/', import.meta.url))
const outfile = resolve(folder, `${process.pid}.mjs`)
mkdirSync(folder, { recursive: true })
await build({
  entryPoints: [resolve(entry)],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
  // What the program asks of its own place must stay true: bundling moves the file.
  define: {
    'import.meta.dirname': JSON.stringify(resolve(entry, '..')),
    'import.meta.url': JSON.stringify(pathToFileURL(resolve(entry)).href),
  },
})
process.setSourceMapsEnabled(true)
process.argv.splice(1, 2, resolve(entry))
process.on('exit', () => rmSync(outfile, { force: true }))
await import(pathToFileURL(outfile).href)
