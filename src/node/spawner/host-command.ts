/** Runs a command of the host to its end and collects what it prints: the spawner's side of `HostCommands`. Never throws. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { sendSignal } from './process-identity.ts'
import type { Answer, Ask } from './protocol.ts'

const NOT_FOUND = 127
const TIMED_OUT = 124

export function runHostCommand({ argv, stdin, timeoutMs, env }: Ask<'run'>): Promise<Answer<'run'>> {
  return new Promise(resolve => {
    const child = spawn(argv[0] ?? '', argv.slice(1), {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A pod's command leads a group, so that what it started goes with it.
      ...(env && { env, detached: true }),
    })
    let stdout = ''
    let stderr = ''
    let timedOut = false
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true
            if (env && child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL')
            child.kill('SIGKILL')
          }, timeoutMs)
    const end = (code: number): void => {
      clearTimeout(timer)
      resolve({ code, stdout, stderr })
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', error => {
      stderr += error.message
      end(NOT_FOUND)
    })
    child.on('close', (code, signal) =>
      end(timedOut ? TIMED_OUT : (code ?? 128 + constants.signals[signal ?? 'SIGKILL'])),
    )
    child.stdin.on('error', () => {})
    child.stdin.end(stdin ?? '')
  })
}
