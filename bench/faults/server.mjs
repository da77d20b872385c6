/**
 * The server that is killed: it says in every answer which process gave it, and shows a file of its configuration. After TERM it either goes on
 * until its connections are gone, telling each that it is the last answer (`graceful`), or it dies at once (`abrupt`).
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const [manners = 'graceful', port = '8080'] = process.argv.slice(2)
let isLeaving = false

const server = createServer((request, response) => {
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
    // Takes no new connections; ends when the last one is gone.
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}
