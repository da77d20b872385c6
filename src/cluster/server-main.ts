/**
 * The server (bin/server.js): an embedded cluster's one large process, started and kept running by the spawner. Started with
 *
 *     node bin/server.js --state DIR [--port N] [--idle-timeout SECONDS]
 *
 * $SOLVENT_ISOLATION (full, mount or none) is the best isolation that is tried for pods.
 */
import { parseArgs } from 'node:util'
import { systemClock } from '../base/clock.ts'
import type { Isolation } from '../node/sandbox/sandbox.ts'
import { launchSpawner } from '../node/spawner/launch.ts'
import { SERVER_EXIT } from '../node/spawner/protocol.ts'
import { connectSpawner } from '../node/spawner/spawner-client.ts'
import { PortInUse } from './listen.ts'
import { startCluster } from './start-cluster.ts'

const log = (line: string): void => console.error(`${new Date().toISOString()} ${line}`)

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { state: { type: 'string' }, port: { type: 'string' }, 'idle-timeout': { type: 'string' } },
  })
  const { state, port, 'idle-timeout': idleTimeout } = values
  if (state === undefined) throw new Error('--state DIR is needed')
  process.umask(0o077)
  const again = Object.entries({ port, 'idle-timeout': idleTimeout }).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}`, value],
  )
  const spawner = connectSpawner({
    stateDir: state,
    clock: systemClock,
    launch: () => void launchSpawner({ stateDir: state, adopt: process.pid, serverArguments: again }),
    log,
  })
  let isStopping = false
  const cluster = startCluster({
    state,
    port: port === undefined ? undefined : Number(port),
    idleTimeoutMs: idleTimeout === undefined ? undefined : Number(idleTimeout) * 1000,
    spawner,
    isolation: wantedIsolation(process.env.SOLVENT_ISOLATION),
    log,
    onIdle() {
      log('nothing to do for a while: ending')
      void spawner.then(live => live.shutdown())
    },
  })
  const stop = (): void => {
    if (isStopping) return
    isStopping = true
    void cluster
      .then(running => running.stop())
      .catch(error => log(`while stopping: ${error.stack}`))
      .then(() => process.exit(SERVER_EXIT.stopped))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // The terminal that started the cluster may close; the cluster stays.
  process.on('SIGHUP', () => {})
  await cluster
}

function wantedIsolation(text: string | undefined): Isolation | undefined {
  if (text === undefined || text === 'full' || text === 'mount' || text === 'none') return text
  log(`SOLVENT_ISOLATION is ${text}, but only full, mount and none are known. Going on as if it were not set.`)
  return undefined
}

main().catch(error => {
  if (error instanceof PortInUse) log(error.message)
  else log(`the server cannot start: ${error.stack}`)
  process.exit(error instanceof PortInUse ? SERVER_EXIT.unusable : 1)
})
