/** A client of a command over a WebSocket that is not quite there yet. */
import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { exitStatus } from './peer.ts'
import { webSocketPeer } from './peers.ts'

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout'] }))
afterEach(() => vi.useRealTimers())

class FakeSocket extends EventEmitter {
  readonly OPEN = 1
  readonly readyState = 1
  readonly sent: string[] = []
  send(bytes: Buffer, done: () => void): void {
    this.sent.push(`${bytes[0]}:${bytes.subarray(1)}`)
    done()
  }
  close(): void {
    this.emit('close')
  }
  pause(): void {}
  resume(): void {}
}

test('hears nothing in the first moment, and then all of it, the Status last', async () => {
  const socket = new FakeSocket()
  const options = { stdin: false, stdout: true, stderr: true, tty: false }
  const peer = webSocketPeer(socket as unknown as WebSocket, options, 'v4.channel.k8s.io')
  peer.stdout!.write('out')
  peer.stderr!.write('err')
  const finished = peer.finish(exitStatus(0))
  await new Promise(resolve => setImmediate(resolve))
  expect(socket.sent).toEqual([])
  await vi.advanceTimersByTimeAsync(20)
  await finished
  expect(socket.sent).toEqual(['1:', '1:out', '2:err', '3:{"metadata":{},"status":"Success"}'])
})
