/** The runtime without a start: a Node process that waits in the pod's sandbox becomes the container. */
import { mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { invariant } from '../../../base/invariant.ts'
import type { Spawner } from '../../spawner/spawner-client.ts'
import type { Runtime } from '../runtime.ts'
import { standIn } from './can-stand-in.ts'
import type { Preload } from './hand-over.ts'

export const warmRuntime = (spawner: Spawner, preloads: readonly Preload[]): Runtime => ({
  name: 'warm',
  canRun: start =>
    start.slot !== undefined &&
    start.stdin === undefined &&
    standIn({ ...start, root: start.sandbox.root }, preloads) !== undefined,
  async start(start, onExit) {
    const { slot, folder } = start
    const handOver = standIn({ ...start, root: start.sandbox.root }, preloads)
    invariant(slot && handOver, 'canRun was asked before start')
    if (!slot.use(onExit)) throw new Error('the waiting process has ended')
    // The log and the record that the process writes to become the container's.
    mkdirSync(dirname(folder), { recursive: true, mode: 0o700 })
    renameSync(slot.folder, folder)
    await spawner.handOver(slot.process, JSON.stringify(handOver), folder)
    return { process: slot.process }
  },
})
