/**
 * The server that is killed: it says in every answer which process gave it, and shows a file of its configuration. After TERM it either goes on
 * until nobody asks any more, telling each connection that this was its last answer (`graceful`), or it dies at once (`abrupt`).
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const [manners = 'graceful', port = '8080'] = process.argv.slice(2)
/** So long without a request: connections that are still open are idle ones. */
const QUIET_MS = 500
let isLeaving = false
let inFlight = 0
let lastAt = Date.now()

const server = createServer((request, response) => {
  inFlight++
  response.on('close', () => {
    inFlight--
    lastAt = Date.now()
  })
  response.setHeader('x-served-by', `${process.env.HOSTNAME}/${process.pid}`)
  if (isLeaving) response.setHeader('connection', 'close')
  if (request.url === '/config') response.end(readFileSync('/etc/shop/greeting'))
  else response.end('ok\n')
})
server.keepAliveTimeout = 60_000
server.listen(Number(port), '0.0.0.0')

if (manners === 'graceful') {
  process.on('SIGTERM', () => {
    isLeaving = true
    lastAt = Date.now()
    // It listens to the end: closing would cut connections that the kernel has taken and nobody has looked at yet.
    setInterval(() => {
      if (inFlight === 0 && Date.now() - lastAt > QUIET_MS) process.exit(0)
    }, 50)
  })
}
