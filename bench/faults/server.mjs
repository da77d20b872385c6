/**
 * The server that is killed: it says in every answer which process gave it, and shows a file of its configuration. After TERM it either goes on
 * until its connections are gone, telling each that it is the last answer (`graceful`), or it dies at once (`abrupt`).
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { Server } from 'node:net'

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
    // Takes no new connections and ends when the last one is gone. Not http's close, which cuts those that are idle: under the request
    // that is on its way to one of them.
    Server.prototype.close.call(server, () => process.exit(0))
  })
}
