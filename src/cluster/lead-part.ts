/** A part of which one at a time may act: it holds a Lease in kube-system while it does (client/leader-election.ts). */
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { runForLeader } from '../client/leader-election.ts'
import type { PartContext, RunningPart } from './run-part.ts'

/**
 * The identity is this state folder's part, not the process: one at a time runs it, so whoever was killed goes on at once instead of
 * waiting for its own Lease to run out.
 */
export function lead(lease: string, context: PartContext, start: () => RunningPart): RunningPart {
  const { api, clock, log, given } = context
  const folder = createHash('sha256').update(given.cluster).digest('hex').slice(0, 12)
  let running: RunningPart | undefined
  const election = runForLeader({
    api,
    clock,
    namespace: 'kube-system',
    name: lease,
    identity: `${hostname()}_${folder}`,
    onStarted() {
      log(`holds lease ${lease}`)
      running = start()
    },
    onStopped() {
      log(`lost lease ${lease}: starting anew`)
      process.exit(1)
    },
    onError: error => log(`lease ${lease}: ${(error as Error).message}`),
  })
  return {
    async stop() {
      await running?.stop()
      await election.stop()
    },
  }
}
