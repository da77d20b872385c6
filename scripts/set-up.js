/** Makes a fresh checkout ready: packages as the lock file says, programs as the sources say. Plain Node, since nothing is installed yet. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const changedAt = path => (existsSync(path) ? statSync(path).mtimeMs : 0)

/** Runs a program with its output shown; ends this one when it fails. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) console.error(`${command}: ${error.message}`)
  if (status !== 0) process.exit(status ?? (signal ? 130 : 1))
}

function isInstalled() {
  // npm writes this file at the end of an installation.
  const installed = changedAt(join(root, 'node_modules/.package-lock.json'))
  return installed > 0 && installed >= changedAt(join(root, 'package-lock.json'))
}

function isBuilt() {
  const built = changedAt(join(root, 'dist/solvent.cjs'))
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map(file => join(root, 'src', file))
  return built > 0 && [...sources, join(root, 'scripts/build.js')].every(file => changedAt(file) <= built)
}

export function setUp() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Solvent needs Node 20.19 or newer; this is ${process.version}.`)
    process.exit(1)
  }
  if (!isInstalled()) {
    console.log('Installing packages (npm ci) ...')
    // Its `prepare` builds too.
    run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], { shell: process.platform === 'win32' })
  }
  if (!isBuilt()) run(process.execPath, [join(root, 'scripts/build.js')])
}
