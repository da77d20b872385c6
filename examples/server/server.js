/** Greets. Its configuration is its environment; its address is none of its business. */
import { createServer } from 'node:http'
import { Server } from 'node:net'
import { hostname } from 'node:os'

let isLeaving = false
const server = createServer((_request, response) => {
  // Whoever keeps this connection for later is told not to.
  if (isLeaving) response.setHeader('Connection', 'close')
  response.end(`${process.env.GREETING} from ${hostname()}\n`)
})
server.listen(8080, () => console.log(`${hostname()} listens on 8080`))

// Kubernetes asks a container to end before it kills it. What is connected is answered; then it leaves. (The `close` of an HTTP server
// would end idle connections at once, even one on which a request is just arriving.)
process.on('SIGTERM', () => {
  isLeaving = true
  Server.prototype.close.call(server, () => process.exit(0))
})
