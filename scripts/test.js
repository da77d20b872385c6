/** `npm test`: sets everything up, then form, types, and all fast tests. Ends with the first thing that fails. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { root, run, setUp } from './set-up.js'

setUp()

const require = createRequire(import.meta.url)
const packageFile = (name, path) => join(dirname(require.resolve(`${name}/package.json`)), path)
const node = (path, args) => run(process.execPath, [path, ...args])

node(packageFile('@biomejs/biome', 'bin/biome'), ['check', '.'])
// Pages know a browser's types and nothing of Node's: a program of their own, so that neither leaks into the other.
for (const part of ['.', 'src/web', 'test/web']) node(packageFile('typescript', 'bin/tsc'), ['--noEmit', '-p', part])
const report = process.env.SOLVENT_REPORTS
const reporters = report
  ? ['--reporter=default', '--reporter=json', `--outputFile.json=${join(report, 'fast.json')}`]
  : []
node(packageFile('vitest', 'vitest.mjs'), ['run', '--root', root, ...reporters, ...process.argv.slice(2)])
