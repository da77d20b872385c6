/** The plain runtime: any program of this machine, forked by the spawner. */
import { mkdirSync } from 'node:fs'
import type { Spawner } from '../../spawner/spawner-client.ts'
import type { Runtime } from '../runtime.ts'

export const processRuntime = (spawner: Spawner): Runtime => ({
  name: 'process',
  canRun: () => true,
  async start({ id, folder, argv, env, cwd, sandbox }, onExit) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    await spawner.start({ process: id, argv, env, cwd, enter: sandbox.enter, folder }, onExit)
    return { process: id }
  },
})
