#!/usr/bin/env node
// The command line. `--version` is answered before anything else is loaded; everything else is bundled in dist/cli.
import { existsSync, readFileSync } from 'node:fs'

const root = new URL('..', import.meta.url)
const [first] = process.argv.slice(2)

if (first === '--version') {
  console.log(JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).version)
} else if (!existsSync(new URL('dist/cli/solvent.js', root))) {
  console.error('solvent is not built yet. In its folder, run: npm ci')
  process.exitCode = 1
} else {
  const { main } = await import('../dist/cli/solvent.js')
  process.exitCode = await main(process.argv.slice(2))
}
