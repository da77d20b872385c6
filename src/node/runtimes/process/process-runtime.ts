/** The plain runtime: any program of this machine, forked by the spawner. */
import { mkdirSync } from 'node:fs'
import type { Spawner } from '../../spawner/spawner-client.ts'
import type { ContainerInputs } from '../../streams/container-inputs.ts'
import type { Runtime } from '../runtime.ts'

export const processRuntime = (spawner: Spawner, inputs: ContainerInputs): Runtime => ({
  name: 'process',
  canRun: () => true,
  async start({ id, folder, argv, env, cwd, sandbox, joins, stdin }, onExit) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const ends = stdin && (await inputs.make(folder, stdin))
    const start = { process: id, argv, env, cwd, enter: sandbox.enter, folder, joins, ...(ends && { ends }) }
    await spawner.start(start, end => {
      inputs.release(folder)
      onExit(end)
    })
    return { process: id }
  },
})
