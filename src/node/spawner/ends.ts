/**
 * Opens a process's ends of FIFOs without ever waiting for who holds the others: a FIFO that is open for reading and writing has both ends,
 * so that a plain open of either one returns at once.
 */
import { closeSync, openSync } from 'node:fs'
import type { Ends } from './protocol.ts'

export interface OpenedEnds {
  readonly stdin?: number
  readonly stdout?: number
  readonly stderr?: number
  /** Once the process has them. */
  close(): void
}

export function openEnds({ stdin, stdinStays, stdout, stderr }: Ends): OpenedEnds {
  const opened: number[] = []
  const open = (path: string, how: 'r' | 'w' | 'r+'): number => {
    const fd = openSync(path, how)
    opened.push(fd)
    return fd
  }
  const end = (path: string, how: 'r' | 'w'): number => {
    open(path, 'r+')
    return open(path, how)
  }
  const close = (): void => {
    for (const fd of opened.splice(0)) closeSync(fd)
  }
  try {
    return {
      ...(stdin !== undefined && { stdin: stdinStays ? open(stdin, 'r+') : end(stdin, 'r') }),
      ...(stdout !== undefined && { stdout: end(stdout, 'w') }),
      ...(stderr !== undefined && { stderr: end(stderr, 'w') }),
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}
