/** What the API server asks of a running pod beyond its log: commands inside it, its main process's output, its ports. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { ExecOptions, NodeStreams, Session, SessionOptions, TerminalSize } from '../../client/node-api.ts'
import type { Container, Pod } from '../../kube/core.ts'
import { apiError } from '../../kube/status.ts'
import type { AgentParts } from '../agent/agent-parts.ts'
import { allContainersOf } from '../agent/roles.ts'
import { insideOf, programProblem } from '../agent/start-container.ts'
import type { LogReader } from '../logs/log-reader.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { readRecord } from '../spawner/container-record.ts'
import { terminalBelow } from './descendants.ts'
import { type HeldProcess, type HeldStart, startHeld } from './held-process.ts'
import { connectToPod } from './pod-port.ts'
import { inTerminal, inTurn, openTerminal } from './terminal.ts'

export interface StreamParts {
  readonly agent: AgentParts
  /** For FIFOs. */
  readonly folder: string
  readonly reader: LogReader
  sandboxOf(podUid: string): Sandbox | undefined
}

interface Running {
  readonly container: Container
  readonly sandbox: Sandbox
  /** Of the present life. */
  readonly folder: string
}

const TERMINAL_LOOK_MS = 50
const TERMINAL_TRIES = 40

/** The kubelet's words. */
const notFound = (name: string) => apiError('InternalError', `container not found (${JSON.stringify(name)})`)

export function createNodeStreams(parts: StreamParts): NodeStreams {
  const { agent } = parts
  const { spawner, clock, lives, folders } = agent

  function runningIn(pod: Pod, name: string): Running {
    const uid = pod.metadata.uid ?? ''
    const container = allContainersOf(pod).find(each => each.name === name)
    const sandbox = parts.sandboxOf(uid)
    const folder = folders.lives(uid, name).at(-1)?.folder
    if (!container || !sandbox || folder === undefined || !lives.isRunning(folder)) throw notFound(name)
    return { container, sandbox, folder }
  }

  function newStart(sandbox: Sandbox): Pick<HeldStart, 'id' | 'folder' | 'enter'> {
    const name = randomBytes(6).toString('hex')
    return { id: `stream/${name}`, folder: join(parts.folder, name), enter: sandbox.enter }
  }

  async function exec(pod: Pod, name: string, options: ExecOptions): Promise<Session> {
    const { container, sandbox, folder } = runningIn(pod, name)
    const inside = await insideOf(agent, pod, container, sandbox)
    if ('problems' in inside) throw new Error(inside.problems)
    const problem = programProblem(options.command, inside.env, inside.cwd, sandbox.root)
    if (problem) throw new Error(`error executing command in container: ${problem}`)
    const command = [...inside.as, ...options.command]
    const how = options.tty ? inTerminal(command, inside.env) : { argv: command, env: inside.env }
    const start = { ...newStart(sandbox), cwd: inside.cwd, ...how, stdin: options.stdin || options.tty }
    const held = await startHeld(spawner, clock, start)
    const forget = lives.onEnd(folder, held.kill)
    void held.ended.then(forget)
    // It may have ended while this was being started.
    if (!lives.isRunning(folder)) held.kill()
    return options.tty ? terminalSession(held, sandbox, options) : plainSession(held)
  }

  async function setSize({ enter }: Sandbox, device: string, { width, height }: TerminalSize): Promise<void> {
    await spawner.run([...enter, 'stty', '-F', device, 'rows', String(height), 'columns', String(width)])
  }

  /** A container that has just begun has its terminal in a moment. */
  async function setOwnSize({ sandbox, folder }: Running, size: TerminalSize): Promise<void> {
    const pid = readRecord(folder)?.wrapper?.pid
    for (let tries = 0; tries < TERMINAL_TRIES && pid !== undefined && lives.isRunning(folder); tries++) {
      const device = terminalBelow(pid)
      if (device) return setSize(sandbox, device, size)
      await new Promise<void>(resolve => clock.after(TERMINAL_LOOK_MS, resolve))
    }
  }

  async function terminalSession(held: HeldProcess, sandbox: Sandbox, { stdin }: SessionOptions): Promise<Session> {
    held.stderr.resume()
    try {
      const terminal = await openTerminal({
        stdin: held.stdin!,
        stdout: held.stdout,
        after: clock.after,
        set: (device, size) => setSize(sandbox, device, size),
      })
      return {
        ...(stdin && { stdin: held.stdin }),
        stdout: terminal.output,
        resize: terminal.resize,
        ended: held.ended,
        close: held.kill,
      }
    } catch (error) {
      held.kill()
      throw error
    }
  }

  function attach(pod: Pod, name: string, asked: SessionOptions): Session {
    const running = runningIn(pod, name)
    const { folder, container } = running
    const leaving = new AbortController()
    const options = { follow: true, tailLines: 0, signal: leaving.signal }
    const stdout = Readable.from(parts.reader.logs(pod, name, options), { objectMode: false })
    // Looks where the log ends now: what comes in answer to an input must not be taken for what was there.
    stdout.on('error', () => {}).read(0)
    const ended = new Promise<number>(resolve => {
      const forget = lives.onEnd(folder, () => resolve(0))
      leaving.signal.addEventListener('abort', () => {
        forget()
        resolve(0)
      })
    })
    const stdin = asked.stdin ? agent.inputs.open(folder) : undefined
    void ended.then(() => stdin?.destroy())
    const resize = asked.tty && container.tty ? inTurn(size => setOwnSize(running, size)) : () => {}
    return { ...(stdin && { stdin }), stdout, resize, ended, close: () => leaving.abort() }
  }

  return {
    exec,
    attach: async (pod, name, options) => attach(pod, name, options),
    async portForward(pod, port) {
      const sandbox = parts.sandboxOf(pod.metadata.uid ?? '')
      if (!sandbox) throw new Error('the pod does not run')
      return connectToPod({ spawner, clock, isolation: agent.isolation }, sandbox, newStart(sandbox), port)
    },
  }
}

const plainSession = (held: HeldProcess): Session => ({
  ...(held.stdin && { stdin: held.stdin }),
  stdout: held.stdout,
  stderr: held.stderr,
  resize: () => {},
  ended: held.ended,
  close: held.kill,
})
