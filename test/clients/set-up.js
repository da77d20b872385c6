/**
 * Makes what the client tests need beside npm packages, each once a machine: the Go test programs for both lines of client-go (from Go's own
 * build cache: two minutes when it is cold, seconds after) and a virtual environment with Python's `kubernetes`. A machine without Go or
 * Python goes without: their tests are skipped, and say so.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

const here = import.meta.dirname
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'solvent/clients')
const has = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0
const run = (program, args, options = {}) => execFileSync(program, args, { stdio: 'inherit', ...options })
mkdirSync(cache, { recursive: true })

// Only now are the clients' own types there: `npm test` leaves this folder out.
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
run(process.execPath, [join(typescript, 'bin/tsc'), '--noEmit', '-p', here])

if (has('go', 'version')) {
  for (const line of ['go', 'older']) {
    const started = Date.now()
    console.log(`building the Go clients of ${line}.mod ...`)
    run('go', ['test', '-c', `-modfile=${line}.mod`, '-ldflags=-s -w', '-o', join(cache, `${line}-clients`), '.'], {
      cwd: join(here, 'go'),
    })
    console.log(`... built in ${Math.round((Date.now() - started) / 1000)} s`)
  }
}

if (has('python3', '-c', 'import venv, sys; sys.exit(sys.version_info < (3, 10))')) {
  const requirements = join(here, 'python/requirements.txt')
  const folder = join(cache, 'python')
  const stamp = join(folder, 'complete')
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
    console.log("installing Python's clients ...")
    rmSync(folder, { recursive: true, force: true })
    run('python3', ['-m', 'venv', folder])
    run(join(folder, 'bin/python'), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '-r',
      requirements,
    ])
    writeFileSync(stamp, hash)
  }
}
