/**
 * The spawner (dist/spawner.cjs): a small process that outlives the others, as containerd-shim does. It starts the server before anything
 * else, keeps it running, and forks whatever the server asks for, since a large process must not fork. Started with
 *
 *     node --max-old-space-size=64 dist/spawner.cjs --state DIR [--adopt PID] [--no-server] [--grace SECONDS] [ARGUMENT OF THE SERVER …]
 *
 * It ends, with all that it started, when asked to, when the server means to end, and when no agent was there for 15 s.
 */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { entryPath } from '../../base/package-root.ts'
import { createChildren } from './children.ts'
import { openLifeline } from './lifeline.ts'
import { takeLock } from './lock.ts'
import { SERVER_EXIT } from './protocol.ts'
import { superviseServer } from './server-supervisor.ts'
import { serve } from './service.ts'
import { socketPath, spawnerFolder } from './socket-path.ts'

const DEFAULT_GRACE_SECONDS = 15
const STOP_PODS_MS = 2_000
/** A server that ends takes its pods down first. */
const STOP_SERVER_MS = 10_000

interface Arguments {
  readonly state: string
  readonly adopt?: number
  readonly server: boolean
  readonly graceSeconds: number
  /** What the server is started with, our own arguments left out. */
  readonly rest: readonly string[]
}

function parseArguments(words: readonly string[]): Arguments {
  const rest: string[] = []
  let [state, adopt, server, graceSeconds] = ['', undefined as number | undefined, true, DEFAULT_GRACE_SECONDS]
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word === '--state') state = resolve(words[++i] ?? '')
    else if (word === '--adopt') adopt = Number(words[++i])
    else if (word === '--no-server') server = false
    else if (word === '--grace') graceSeconds = Number(words[++i])
    else rest.push(word)
  }
  if (state === '') throw new Error('--state DIR is needed')
  return { state, adopt, server, graceSeconds, rest }
}

const log = (message: string): void => console.error(`${new Date().toISOString()} spawner: ${message}`)

function main(words: readonly string[]): void {
  const { state, adopt, server, graceSeconds, rest } = parseArguments(words)
  mkdirSync(spawnerFolder(state), { recursive: true, mode: 0o700 })
  // Whatever is started from here can be told to belong to this cluster.
  process.env.SOLVENT_STATE = state
  const lock = takeLock(state)
  if (!lock.ok) {
    log(`another spawner (pid ${lock.owner.pid}) holds ${state}`)
    return
  }

  const supervisor = superviseServer({
    argv: server ? [process.execPath, entryPath('server.js'), '--state', state, ...rest] : undefined,
    log,
    onFinished(code) {
      if (code === SERVER_EXIT.unusable) log('the server cannot work; its log above says why')
      void end(STOP_PODS_MS, code)
    },
  })
  if (adopt === undefined) supervisor.start()
  else supervisor.adopt(adopt)

  const lifeline = openLifeline(spawnerFolder(state))
  lifeline.catch(error => {
    log(`containers cannot be started: ${error.message}`)
    void end(0, 1)
  })
  const children = createChildren({
    lifeline,
    guardSeconds: graceSeconds,
    onExit: (exited, code) => service.tell({ exited, code }),
    onReady: ready => service.tell({ ready }),
  })
  let lonely: NodeJS.Timeout | undefined
  const service = serve({
    socket: socketPath(state),
    children,
    report: () => ({ pid: process.pid, processes: children.list(), server: supervisor.report }),
    shutdown: graceMs => void end(graceMs ?? STOP_PODS_MS, 0),
    onAgents(count, pid) {
      if (pid !== undefined && server) supervisor.adopt(pid)
      awaitAgent(count)
    },
  })
  function awaitAgent(count: number): void {
    clearTimeout(lonely)
    if (count > 0) return
    children.dismiss()
    lonely = setTimeout(() => {
      log(`no agent for ${graceSeconds} s: ending`)
      void end(0, 1)
    }, graceSeconds * 1000)
  }
  awaitAgent(0)

  let ending = false
  /** The server first, so that it takes the end of its pods for no failure. */
  async function end(graceMs: number, code: number): Promise<void> {
    if (ending) return
    ending = true
    await supervisor.stop(STOP_SERVER_MS)
    await children.killAll(graceMs)
    service.close()
    if (lock.ok) lock.release()
    process.exit(code)
  }
  process.on('SIGTERM', () => void end(STOP_PODS_MS, 0))
  process.on('SIGINT', () => void end(STOP_PODS_MS, 0))
  process.on('SIGHUP', () => {})
}

main(process.argv.slice(2))
