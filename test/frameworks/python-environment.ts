/**
 * A virtual environment with the frameworks, made once a machine: ~/.cache/solvent/frameworks-<hash of requirements.txt>. About 6 GiB, since
 * PyPI has PyTorch only with CUDA; four minutes. DeepSpeed is built from source and wants torch there before.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const requirements = join(import.meta.dirname, 'requirements.txt')

/** The environment's Python. Throws when the machine has none that is new enough, or a package cannot be had. */
export function pythonWithFrameworks(): string {
  const text = readFileSync(requirements, 'utf8')
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12)
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'solvent', `frameworks-${hash}`)
  const python = join(folder, 'bin/python')
  const done = join(folder, 'complete')
  if (existsSync(done)) return python
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  run(newPython(), ['-m', 'venv', folder])
  const torch = /^torch==.*$/m.exec(text)![0]
  pip(python, torch, 'numpy', 'setuptools', 'wheel', 'packaging', 'ninja')
  pip(python, '--no-build-isolation', '-r', requirements)
  writeFileSync(done, '')
  return python
}

const pip = (python: string, ...args: readonly string[]): void =>
  run(python, ['-m', 'pip', 'install', '--quiet', '--no-compile', '--disable-pip-version-check', ...args])

const run = (program: string, args: readonly string[]): void => {
  execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, DS_BUILD_OPS: '0' } })
}

/** 3.12 or newer: on the PATH, or beside it where pyenv keeps its own. */
function newPython(): string {
  const versions = join(homedir(), '.pyenv/versions')
  const installed = (existsSync(versions) ? readdirSync(versions) : []).map(each => join(versions, each, 'bin/python3'))
  const found = ['python3.12', 'python3.13', 'python3', ...installed].find(isNewEnough)
  if (!found) throw new Error('The frameworks need Python 3.12 or newer: apt-get install python3.12 python3.12-venv')
  return found
}

function isNewEnough(program: string): boolean {
  try {
    const version = execFileSync(program, ['-c', 'import sys, venv; print(sys.version_info.minor)'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const minor = Number(version)
    return minor === 12 || minor === 13
  } catch {
    return false
  }
}
