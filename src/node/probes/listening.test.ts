import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { hintOf, listenersOf, parseListeners } from './listening.ts'

const TABLE = `  sl  local_address rem_address   st tx_queue
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000
   1: 00000000:0050 00000000:0000 0A 00000000:00000000
   2: 0100007F:1F91 0100007F:1F90 01 00000000:00000000
`
const TABLE6 = `  sl  local_address remote_address st
   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000001000000:22B8 00000000000000000000000000000000:0000 0A
   2: 0000000000000000FFFF00000100007F:22B9 00000000000000000000000000000000:0000 0A
`

test('who listens, and whether on the loopback alone', () => {
  expect(parseListeners(TABLE)).toEqual([
    { port: 8080, isLoopback: true },
    { port: 80, isLoopback: false },
  ])
  expect(parseListeners(TABLE6)).toEqual([
    { port: 443, isLoopback: false },
    { port: 8888, isLoopback: true },
    { port: 8889, isLoopback: true },
  ])
})

test.each([
  { port: 80, hint: '' },
  { port: 8080, hint: " (port 8080 is open on the pod's loopback only: let the server listen on 0.0.0.0)" },
  { port: 9999, hint: ' (the pod listens on 8080, 80)' },
])('port $port:$hint', ({ port, hint }) => expect(hintOf(parseListeners(TABLE), port)).toBe(hint))

test('nobody listens', () => expect(hintOf([], 80)).toBe(' (nothing in the pod listens on any port)'))

test.runIf(process.platform === 'linux')('this process', async () => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  expect(listenersOf(process.pid)).toContainEqual({ port, isLoopback: true })
  server.close()
  expect(listenersOf(0)).toEqual([])
})
