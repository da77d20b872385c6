/**
 * "I am alive", every two seconds, from a thread of its own: a user's function may hold the worker's main thread for a minute, and that
 * is no reason to give its task away. A stopped or dead process is silent.
 */
import { Worker } from 'node:worker_threads'
import { HEARTBEAT_MS } from '../protocol.ts'

export interface Heartbeat {
  /** Bytes of the present task, read by the thread as they are. */
  readonly bytesDone: Float64Array
  stop(): void
}

/** CommonJS as text: a file of its own would have to be found beside any bundle. */
const PROGRAM = `
const { workerData: { host, port, worker, shared, interval } } = require('node:worker_threads')
const { connect } = require('node:net')
const bytesDone = new Float64Array(shared)
let socket
const open = () => {
  socket = connect({ host, port })
  socket.on('error', () => {})
  socket.on('close', () => { socket = undefined })
}
setInterval(() => {
  if (!socket) return open()
  const json = Buffer.from(JSON.stringify({ type: 'alive', worker, bytesDone: bytesDone[0] }))
  const head = Buffer.alloc(4)
  head.writeUInt32BE(json.length)
  socket.write(Buffer.concat([head, json]))
}, interval)
open()
`

export function startHeartbeat(host: string, port: number, worker: string): Heartbeat {
  const shared = new SharedArrayBuffer(8)
  const thread = new Worker(PROGRAM, {
    eval: true,
    workerData: { host, port, worker, shared, interval: HEARTBEAT_MS / 4 },
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  })
  thread.unref()
  // Without it the lease still holds as long as tasks are shorter than it.
  thread.on('error', error => console.error(`no heartbeat: ${error.message}`))
  return { bytesDone: new Float64Array(shared), stop: () => void thread.terminate() }
}
