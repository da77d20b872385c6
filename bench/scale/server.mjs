/** A server as anybody writes it: it counts its requests for Prometheus, and ends politely. No word about scaling. */
import { createServer } from 'node:http'
import { Server } from 'node:net'

let requests = 0
let isLeaving = false
const server = createServer((request, response) => {
  if (isLeaving) response.setHeader('connection', 'close')
  response.setHeader('x-served-by', process.env.HOSTNAME ?? '')
  if (request.url === '/metrics') {
    response.end(`# TYPE http_requests_total counter\nhttp_requests_total{code="200"} ${requests}\n`)
    return
  }
  // Whether it is ready is asked by the node, not by a customer.
  if (request.url !== '/ready') requests++
  response.end('ok\n')
})
server.listen(8080, process.env.POD_IP)
process.on('SIGTERM', () => {
  isLeaving = true
  Server.prototype.close.call(server, () => process.exit(0))
})
