/** tar here and tar in a container, one's output the other's input. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Connection } from '../client/connection.ts'
import { openPodSession, type PodRef } from '../client/streams/pod-session.ts'
import { EXIT, Exit } from './exit.ts'

export interface RemoteShell {
  succeeds(command: readonly string[]): Promise<boolean>
  /** `what` are tar's words for what to pack here; it is unpacked in `folder` there. */
  unpack(what: readonly string[], folder: string): Promise<void>
  /** Packs `name` in `folder` there, and unpacks it in `into` here. */
  pack(folder: string, name: string, into: string): Promise<void>
}

export function remoteShell(connection: Connection, pod: PodRef, container: string): RemoteShell {
  const open = (command: readonly string[], stdin: boolean) =>
    openPodSession(connection, pod, { container, command, stdin, stdout: true, stderr: true, tty: false })

  return {
    async succeeds(command) {
      const session = await open(command, false)
      session.stdout?.resume()
      session.stderr?.resume()
      return (await session.ended) === 0
    },
    async unpack(what, folder) {
      const session = await open(['tar', '-xmf', '-', '-C', folder], true)
      const local = localTar(['-cf', '-', ...what], ['ignore', 'pipe', 'pipe'])
      const said = text(session.stderr!)
      session.stdout?.resume()
      local.child.stdout?.pipe(session.stdin!)
      const [problem, code] = await Promise.all([local.problem, session.ended])
      fail(problem || (code === 0 ? '' : await said))
    },
    async pack(folder, name, into) {
      const session = await open(['tar', '-cf', '-', '-C', folder, name], false)
      const local = localTar(['-xmf', '-', '-C', into], ['pipe', 'ignore', 'pipe'])
      const said = text(session.stderr!)
      local.child.stdin?.on('error', () => {})
      session.stdout?.pipe(local.child.stdin!)
      const [problem, code] = await Promise.all([local.problem, session.ended])
      // Why there was nothing to unpack is told by the other side.
      fail((code === 0 ? '' : await said) || problem)
    },
  }
}

function fail(problem: string): void {
  if (problem.trim() !== '') throw new Exit(EXIT.error, problem.trim())
}

function localTar(words: readonly string[], stdio: ['ignore' | 'pipe', 'ignore' | 'pipe', 'pipe']) {
  const child = spawn('tar', words, { stdio })
  const said = text(child.stderr!)
  const ended = once(child, 'close') as Promise<[number | null]>
  const problem = ended.then(
    async ([code]) => (code === 0 ? '' : (await said) || `tar ended with ${code}`),
    (error: Error) => `tar cannot be started: ${error.message}`,
  )
  return { child, problem }
}
