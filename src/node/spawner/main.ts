/**
 * The spawner (dist/spawner.cjs): a small process that outlives the others, as containerd-shim does. It starts the cluster's parts before
 * anything else, keeps them running, and forks whatever the node agent asks for, since a large process must not fork. Started with
 *
 *     node --max-old-space-size=64 dist/spawner.cjs --state DIR [WORDS]
 *
 * (`arguments.ts` has the words.) It ends, with all that it started, when asked to, when its first part means to end, and when no agent was
 * there for 15 s.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { entryPath } from '../../base/package-root.ts'
import { parseArguments, type SpawnerArguments, wordsForParts, writeWords } from './arguments.ts'
import { createChildren } from './children.ts'
import { openLifeline } from './lifeline.ts'
import { takeLock } from './lock.ts'
import { NODE_PART, type NodeSupervisor, superviseNode } from './node-supervisor.ts'
import { type PartSupervisor, supervisePart } from './part-supervisor.ts'
import { SERVER_EXIT } from './protocol.ts'
import { serve } from './service.ts'
import { socketPath, spawnerFolder } from './socket-path.ts'

const STOP_PODS_MS = 2_000
/** An agent that ends takes its pods down first. */
const STOP_PART_MS = 10_000

const log = (message: string): void => console.error(`${new Date().toISOString()} spawner: ${message}`)

function main([flag, folder = '', ...words]: readonly string[]): void {
  if (flag !== '--state' || folder === '') throw new Error('--state DIR is needed')
  const state = resolve(folder)
  const given = parseArguments(words)
  const { graceSeconds } = given
  mkdirSync(spawnerFolder(state), { recursive: true, mode: 0o700 })
  // Whatever is started from here can be told to belong to this cluster.
  process.env.SOLVENT_STATE = state
  const lock = takeLock(state)
  if (!lock.ok) {
    log(`another spawner (pid ${lock.owner.pid}) holds ${state}`)
    return
  }
  const parts = startParts(state, given, code => {
    if (code === SERVER_EXIT.unusable) log('the cluster cannot work; the log above says why')
    void end(STOP_PODS_MS, code)
  })
  writeWords(state, words)
  const nodes = startNodes(state, given)

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
    report: () => ({
      pid: process.pid,
      processes: children.list(),
      parts: Object.fromEntries(parts.map(({ part, report }) => [part, report])),
    }),
    shutdown: graceMs => void end(graceMs ?? STOP_PODS_MS, 0),
    onAgents: awaitAgent,
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
  async function end(graceMs: number, code: number): Promise<void> {
    if (ending) return
    ending = true
    await stopInOrder(parts, nodes)
    await children.killAll(graceMs)
    service.close()
    if (lock.ok) lock.release()
    process.exit(code)
  }
  process.on('SIGTERM', () => void end(STOP_PODS_MS, 0))
  process.on('SIGINT', () => void end(STOP_PODS_MS, 0))
  process.on('SIGHUP', () => {})
}

function startParts(
  state: string,
  given: SpawnerArguments,
  onFinished: (code: number) => void,
): readonly PartSupervisor[] {
  const words = wordsForParts(given)
  return given.parts.map((part, index) => {
    const argv = [process.execPath, ...programOf(part), '--state', state, ...words]
    const supervisor = supervisePart({ state, part, argv, log, ...(index === 0 && { onFinished }) })
    supervisor.start()
    return supervisor
  })
}

const programOf = (part: string): readonly string[] =>
  part === 'server' ? [entryPath('server.js')] : [entryPath('part.js'), part]

function startNodes(state: string, { nodes, rest }: SpawnerArguments): readonly NodeSupervisor[] {
  return nodes.map((node, index) => {
    const place = [
      '--part',
      NODE_PART,
      '--cluster',
      state,
      '--name',
      node,
      '--slice',
      `${index + 1}/${nodes.length + 1}`,
    ]
    const supervisor = superviseNode({ state: join(state, 'nodes', node), words: [...place, ...rest], log })
    supervisor.start()
    return supervisor
  })
}

/** Agents first, so that pods end as the API is told; the server, which is the API, last. */
async function stopInOrder(parts: readonly PartSupervisor[], nodes: readonly NodeSupervisor[]): Promise<void> {
  const stop = (part: PartSupervisor): Promise<void> => part.stop(STOP_PART_MS)
  await Promise.all([...nodes.map(node => node.stop(STOP_PART_MS)), ...parts.filter(isAgent).map(stop)])
  await Promise.all(
    parts
      .slice(1)
      .filter(part => !isAgent(part))
      .map(stop),
  )
  await Promise.all(parts.slice(0, 1).map(stop))
}

const isAgent = ({ part }: PartSupervisor): boolean => part === NODE_PART

main(process.argv.slice(2))
