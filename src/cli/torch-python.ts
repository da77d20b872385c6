/** A Python that has torch, for commands that measure: the one that is named, an active environment's, one that Solvent made, the PATH's. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'
import { EXIT, Exit } from './exit.ts'

/** torch is looked for, not loaded: that takes seconds. */
const HAS_TORCH = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)'

export function torchPython(named: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const candidates = named === undefined ? usual(env) : [named]
  const found = candidates.find(path => spawnSync(path, ['-c', HAS_TORCH], { stdio: 'ignore' }).status === 0)
  if (found) return found
  const why = named === undefined ? 'no Python with torch was found' : `${named} is no Python that has torch`
  throw new Exit(
    EXIT.error,
    `${why}. Activate an environment that has it, or name one: --python PATH (python3 -m venv torch && torch/bin/pip install torch)`,
  )
}

function usual(env: NodeJS.ProcessEnv): readonly string[] {
  const active = [env.VIRTUAL_ENV, env.CONDA_PREFIX].flatMap(folder => (folder ? [join(folder, 'bin/python')] : []))
  const cache = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'solvent')
  const made = existsSync(cache) ? readdirSync(cache).map(name => join(cache, name, 'bin/python')) : []
  return [...active, ...made.filter(path => existsSync(path)).sort(), 'python3']
}

/** Where the package `solvent_torch` lies: built beside the programs, or among the sources. */
export function torchPackage(): string {
  const built = join(packageRoot(), 'dist/torch')
  return existsSync(join(built, 'solvent_torch')) ? built : join(packageRoot(), 'src/runtimes/torch')
}
