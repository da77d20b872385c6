/**
 * The server (dist/server.cjs): an embedded cluster's one large process, or its API server alone where others run apart. Started and kept
 * running by the spawner, with the words of `part-arguments.ts`.
 *
 * $SOLVENT_ISOLATION (full, mount or none) is the best isolation that is tried for pods.
 */
import { systemClock } from '../base/clock.ts'
import { relaunchSpawner } from '../node/spawner/launch.ts'
import { claimPart } from '../node/spawner/part-record.ts'
import { SERVER_EXIT } from '../node/spawner/protocol.ts'
import { connectSpawner } from '../node/spawner/spawner-client.ts'
import { PortInUse } from './listen.ts'
import { partArguments } from './part-arguments.ts'
import { startCluster } from './start-cluster.ts'

const log = (line: string): void => console.error(`${new Date().toISOString()} ${line}`)

async function main(): Promise<void> {
  const given = partArguments()
  const { state } = given
  process.umask(0o077)
  // Before the store is touched: a spawner that was killed may have started one of which nobody knew.
  if (!claimPart(state, 'server')) throw new Error(`another server runs in ${state}`)
  if (process.env.SOLVENT_ISOLATION && !given.isolation) {
    log(
      `SOLVENT_ISOLATION is ${process.env.SOLVENT_ISOLATION}, but only full, mount and none are known. Going on as if it were not set.`,
    )
  }
  const spawner = connectSpawner({
    stateDir: state,
    clock: systemClock,
    launch: () => void relaunchSpawner(state),
    log,
  })
  let isStopping = false
  const cluster = startCluster({
    ...given,
    spawner,
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

main().catch(error => {
  if (error instanceof PortInUse) log(error.message)
  else log(`the server cannot start: ${error.stack}`)
  process.exit(error instanceof PortInUse ? SERVER_EXIT.unusable : 1)
})
