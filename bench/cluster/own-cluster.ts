/** A cluster of the benchmark's own, started with what it is asked to have. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createHttpApi, type HttpApi } from '../../src/client/http-api.ts'
import { connect, scratch, solvent, timeProgram } from '../start/own-cluster.ts'

export const up = (state: string, words: readonly string[] = []): Promise<number> =>
  timeProgram([process.execPath, solvent, 'up', '--state', state, ...words])

/** Its client waits for a server that is being restarted. */
export async function withCluster<T>(
  words: readonly string[],
  use: (state: string, api: HttpApi) => Promise<T>,
): Promise<T> {
  const folder = scratch()
  const state = join(folder, 'state')
  await up(state, words)
  const { connection, close } = await connect(state)
  close()
  const api = createHttpApi(connection, { patienceMs: 10_000 })
  try {
    return await use(state, api)
  } finally {
    api.close()
    await timeProgram([process.execPath, solvent, 'down', '--state', state])
    rmSync(folder, { recursive: true, force: true })
  }
}
