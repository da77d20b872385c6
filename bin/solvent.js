#!/usr/bin/env node
// The command line. `--version` is answered before anything else is loaded; everything else is bundled in dist/solvent.cjs.
const { existsSync, readFileSync } = require('node:fs')
const { join } = require('node:path')

const root = join(__dirname, '..')
const bundleFile = join(root, 'dist/solvent.cjs')
const [first = ''] = process.argv.slice(2)

if (first === '--version') {
  console.log(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version)
} else if (!existsSync(bundleFile)) {
  console.error('solvent is not built yet. In its folder, run: npm ci')
  process.exitCode = 1
} else {
  const { load } = require('./bundle.js')
  const { exports: bundle, keep } = load(bundleFile, /^[a-z-]+$/.test(first) ? first : '')
  bundle.main(process.argv.slice(2)).then(code => {
    process.exitCode = code
    if (code === 0) keep()
  })
}
