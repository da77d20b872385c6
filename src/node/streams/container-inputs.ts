/**
 * Standard inputs of containers that have one (`stdin: true`): a FIFO in the folder of the life. Its process never sees an end, or with
 * `stdinOnce` sees it when the first one who was attached has left; until then the agent holds the other end (a new agent cannot).
 */
import { closeSync, constants, existsSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import type { HostCommands } from '../../base/host-commands.ts'
import type { Ends } from '../spawner/protocol.ts'

export type InputKind = 'once' | 'open'

export interface ContainerInputs {
  /** Before the process is started: its end. */
  make(folder: string, kind: InputKind): Promise<Ends>
  /** The process has ended. */
  release(folder: string): void
  /** Undefined where the life has none. */
  open(folder: string): Writable | undefined
}

const fifoIn = (folder: string): string => join(folder, 'stdin')

export function createContainerInputs(commands: HostCommands): ContainerInputs {
  const held = new Map<string, number>()

  function release(folder: string): void {
    const fd = held.get(folder)
    held.delete(folder)
    if (fd !== undefined) closeSync(fd)
  }

  return {
    async make(folder, kind) {
      const fifo = fifoIn(folder)
      const made = await commands.run(['mkfifo', '-m', '600', fifo])
      if (made.code !== 0) throw new Error(`mkfifo: ${made.stderr.trim()}`)
      if (kind === 'once') held.set(folder, openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK))
      return { stdin: fifo, stdinStays: kind === 'open' }
    },
    release,
    open(folder) {
      if (!existsSync(fifoIn(folder))) return undefined
      try {
        const fd = openSync(fifoIn(folder), constants.O_WRONLY | constants.O_NONBLOCK)
        const socket = new Socket({ fd, readable: false, writable: true })
        return socket.on('error', () => {}).once('close', () => release(folder))
      } catch {
        // ENXIO: nobody reads it any more.
        return undefined
      }
    },
  }
}
