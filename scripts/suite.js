/**
 * Runs one of the heavier suites: `node scripts/suite.js crash [FILTER]` runs the tests of test/crash with vitest. A suite that needs
 * packages of its own (clients to test against) has a package.json beside its tests, which is installed first; one that needs programs has a
 * set-up.js, which is run.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [name, ...rest] = process.argv.slice(2)
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'test', name ?? '')
if (!name || !existsSync(folder)) {
  console.error('usage: node scripts/suite.js NAME [FILTER ...]   runs the tests in test/NAME')
  process.exit(2)
}
if (existsSync(join(folder, 'package.json'))) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' })
}
if (existsSync(join(folder, 'set-up.js')))
  execFileSync(process.execPath, [join(folder, 'set-up.js')], { stdio: 'inherit' })
execFileSync(process.execPath, [join(root, 'scripts/build.js')], { stdio: 'inherit' })

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const report = process.env.SOLVENT_REPORTS
const reporters = report
  ? ['--reporter=default', '--reporter=json', `--outputFile.json=${join(report, `${name}.json`)}`]
  : []
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--config', join(root, 'test/suite.config.ts'), '--dir', folder, ...reporters, ...rest],
  { cwd: root, stdio: 'inherit' },
)
process.exit(status ?? 1)
