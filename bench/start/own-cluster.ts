/** A cluster of the benchmark's own and the rival beside every start: an empty Node script. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../src/base/package-root.ts'
import { createHttpApi, type HttpApi } from '../../src/client/http-api.ts'
import { readKubeconfig } from '../../src/client/kubeconfig.ts'

export const solvent = join(packageRoot(), 'bin/solvent.js')

export const scratch = (): string => mkdtempSync(join(tmpdir(), 'solvent-bench-'))

/** Milliseconds that a program takes, from before its start to its end. */
export function timeProgram(argv: readonly string[]): Promise<number> {
  const start = performance.now()
  return new Promise((done, failed) => {
    const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', failed)
    child.on('exit', code =>
      code === 0 ? done(performance.now() - start) : failed(new Error(`${argv.join(' ')} exited ${code}`)),
    )
  })
}

/** An empty script, as CommonJS: the least that Node can do. */
export function emptyScript(folder: string): string {
  const file = join(folder, 'empty.cjs')
  writeFileSync(file, '')
  return file
}

export async function connect(state: string): Promise<HttpApi> {
  const connection = await readKubeconfig({ file: join(state, 'kubeconfig') })
  if (!connection.ok) throw new Error(JSON.stringify(connection.problems))
  return createHttpApi(connection.value)
}

export async function withCluster<T>(use: (state: string, api: HttpApi, folder: string) => Promise<T>): Promise<T> {
  const folder = scratch()
  const state = join(folder, 'state')
  await timeProgram([process.execPath, solvent, 'up', '--state', state])
  const api = await connect(state)
  try {
    return await use(state, api, folder)
  } finally {
    api.close()
    await timeProgram([process.execPath, solvent, 'down', '--state', state])
    rmSync(folder, { recursive: true, force: true })
  }
}
