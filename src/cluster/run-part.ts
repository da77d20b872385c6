/**
 * A part of the cluster in a process of its own: where it finds the API and who it is there, that it guards the cluster's spawner, and how
 * it ends. What it does is handed in.
 */
import { existsSync, statSync } from 'node:fs'
import { type Clock, systemClock } from '../base/clock.ts'
import type { Connection } from '../client/connection.ts'
import { createHttpApi, type HttpApi } from '../client/http-api.ts'
import { readKubeconfig } from '../client/kubeconfig.ts'
import { relaunchSpawner } from '../node/spawner/launch.ts'
import { claimPart } from '../node/spawner/part-record.ts'
import { connectSpawner, type Spawner } from '../node/spawner/spawner-client.ts'
import { credentialFile } from './credentials.ts'
import { type PartArguments, partArguments } from './part-arguments.ts'

export interface PartContext {
  readonly given: PartArguments
  readonly api: HttpApi
  readonly connection: Connection
  /** Of the API server, for pods. */
  readonly port: number
  readonly clock: Clock
  readonly log: (line: string) => void
  /** The cluster's. */
  readonly spawner: Promise<Spawner>
}

export interface RunningPart {
  stop(): Promise<void>
}

export interface PartOptions {
  /** As the spawner calls it. */
  readonly part: string
  /** Under which its credentials lie. */
  readonly who: (given: PartArguments) => string
  /** How long others may take to bring a killed spawner back before this part does. */
  readonly patienceMs: (given: PartArguments) => number
  readonly start: (context: PartContext) => Promise<RunningPart>
  /** An agent is what the cluster's spawner lives for; others are only its clients. */
  readonly role?: (given: PartArguments) => 'agent' | 'client'
}

const LOOK_MS = 20
const MOVED_LOOK_MS = 2_000
/** A server that was killed is back sooner. */
const API_PATIENCE_MS = 10_000

const log = (line: string): void => console.error(`${new Date().toISOString()} ${line}`)

export function runPart(options: PartOptions): void {
  main(options).catch(error => {
    log(`it cannot start: ${error.stack}`)
    process.exit(1)
  })
}

async function main({ part, who, patienceMs, start, role = () => 'client' }: PartOptions): Promise<void> {
  process.umask(0o077)
  const given = partArguments()
  if (!claimPart(given.state, part)) throw new Error(`another ${part} runs in ${given.state}`)
  let running: RunningPart | undefined
  let isStopping = false
  const spawner = connectSpawner({
    stateDir: given.cluster,
    clock: systemClock,
    role: role(given),
    patienceMs: patienceMs(given),
    // Whoever is told to end brings nobody back.
    launch: () => void (isStopping || relaunchSpawner(given.cluster)),
    log,
  })
  const stop = (): void => {
    if (isStopping) return
    isStopping = true
    void Promise.resolve(running?.stop())
      .catch(error => log(`while stopping: ${error.stack}`))
      .then(() => process.exit(0))
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
  process.on('SIGHUP', () => {})

  const file = credentialFile(given.cluster, who(given))
  const connection = await readConnection(file)
  endWhenMoved(file, connection.server)
  const api = createHttpApi(connection, { patienceMs: API_PATIENCE_MS })
  const port = Number(new URL(connection.server).port)
  running = await start({ given, api, connection, port, clock: systemClock, log, spawner })
}

async function readConnection(file: string): Promise<Connection> {
  while (!existsSync(file)) await new Promise(resume => setTimeout(resume, LOOK_MS))
  const found = await readKubeconfig({ file })
  if (!found.ok) throw new Error(found.problems.map(({ what }) => what).join('; '))
  return found.value
}

/** A server that found its port taken is elsewhere: this process ends, and the next one finds it. */
function endWhenMoved(file: string, server: string): void {
  let seenMs = modifiedMs(file)
  setInterval(() => {
    const nowMs = modifiedMs(file)
    if (nowMs === seenMs) return
    seenMs = nowMs
    readConnection(file)
      .then(({ server: now }) => {
        if (now === server) return
        log(`the API server is at ${now} now: starting anew`)
        process.exit(1)
      })
      .catch(error => log(`${file}: ${error.message}`))
  }, MOVED_LOOK_MS).unref()
}

const modifiedMs = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
