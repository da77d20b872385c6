/** Greets. Its configuration is its environment; its address is none of its business. */
import { createServer } from 'node:http'
import { hostname } from 'node:os'

const server = createServer((_request, response) => {
  response.end(`${process.env.GREETING} from ${hostname()}\n`)
})
server.listen(8080, () => console.log(`${hostname()} listens on 8080`))
// Kubernetes asks a container to end before it kills it.
process.on('SIGTERM', () => server.close(() => process.exit(0)))
