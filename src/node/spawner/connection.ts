/** One connection to a spawner: questions with their answers, and what it tells unasked. */
import { connect, type Socket } from 'node:net'
import { readJsonLines, writeJsonLine } from './json-lines.ts'
import type { Answer, Ask, Message, Operation } from './protocol.ts'

export interface Connection {
  ask<O extends Operation>(op: O, ask: Ask<O>): Promise<Answer<O>>
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>
  close(): void
}

/** The spawner went away before it answered: what was asked may have been done or not. */
export class SpawnerLost extends Error {}

interface Pending {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

/** Rejects where nobody listens. */
export interface Told {
  exited(process: string, code: number): void
  ready(process: string): void
}

export function openConnection(path: string, told: Told): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(path)
    const pending = new Map<number, Pending>()
    let next = 0

    function take(message: Message): void {
      if ('exited' in message) told.exited(message.exited, message.code)
      else if ('ready' in message) told.ready(message.ready)
      else answered(message)
    }

    function answered(message: Extract<Message, { readonly id: number }>): void {
      const asked = pending.get(message.id)
      pending.delete(message.id)
      if ('error' in message) asked?.reject(new Error(message.error))
      else asked?.resolve(message.answer as never)
    }

    const closed = new Promise<void>(gone =>
      socket.on('close', () => {
        for (const { reject: lose } of pending.values()) lose(new SpawnerLost('the spawner went away'))
        pending.clear()
        gone()
      }),
    )
    socket.on('error', reject)
    readJsonLines(socket, value => take(value as Message))
    socket.on('connect', () =>
      resolve({
        ask: (op, ask) =>
          new Promise((answer, refuse) => {
            if (socket.destroyed) return refuse(new SpawnerLost('the spawner went away'))
            const id = next++
            pending.set(id, { resolve: answer as (answer: never) => void, reject: refuse })
            writeJsonLine(socket, { id, op, ask })
          }),
        closed,
        close: () => socket.destroy(),
      }),
    )
  })
}
