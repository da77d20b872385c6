/** The FIFO in which all holders of a cluster answer: one line each, matched to the order by sandbox and number. */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Clock } from '../../base/clock.ts'

export interface Answers {
  /** The next order's number for a sandbox and what comes back; undefined when nothing does in time. */
  expect(id: string): { readonly number: number; readonly answer: Promise<string | undefined> }
  close(): void
}

const PATIENCE_MS = 3_000

export function openAnswers(fifo: string, clock: Clock): Answers {
  // Open for both ends: it never ends, however many holders come and go.
  const handle = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  const socket = new Socket({ fd: handle, readable: true, writable: false })
  const waiting = new Map<string, (answer: string | undefined) => void>()
  let number = 0
  let rest = ''

  socket.unref()
  socket.setEncoding('utf8')
  socket.on('error', () => {})
  socket.on('data', (chunk: string) => {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [id, order, answer] = line.split(' ')
      waiting.get(`${id} ${order}`)?.(answer ?? '')
    }
  })

  return {
    expect(id) {
      const key = `${id} ${++number}`
      const answer = new Promise<string | undefined>(resolve => {
        const settle = (value: string | undefined): void => {
          cancel()
          waiting.delete(key)
          resolve(value)
        }
        const cancel = clock.after(PATIENCE_MS, () => settle(undefined))
        waiting.set(key, settle)
      })
      return { number, answer }
    },
    close() {
      for (const settle of waiting.values()) settle(undefined)
      socket.destroy()
    },
  }
}

/** Sends orders to one holder. */
export interface Orders {
  send(line: string): void
  close(): void
}

/** Open for both ends: opening never waits, and writing to a holder that is gone is answered by silence. */
export function openOrders(fifo: string): Orders {
  const handle = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  return {
    send: line => void writeSync(handle, `${line}\n`),
    close: () => closeSync(handle),
  }
}
