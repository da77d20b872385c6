// A client that minds its own business while others misbehave: one get every 20 ms, on a process of its own. Prints its latencies as JSON at SIGTERM.
import { Agent, request } from 'node:https'

const { host, port, ca, token, path } = JSON.parse(process.env.PROBE)
const agent = new Agent({ ca, keepAlive: true, maxSockets: 1 })
const latencies = []
let failures = 0

const ask = () =>
  new Promise(resolve => {
    const started = performance.now()
    const asked = request({ host, port, path, agent, headers: { authorization: `Bearer ${token}` } }, response => {
      response.resume()
      response.on('end', () => {
        latencies.push(performance.now() - started)
        if (response.statusCode !== 200) failures++
        resolve()
      })
    })
    asked.on('error', () => {
      failures++
      resolve()
    })
    asked.end()
  })

process.on('SIGTERM', () => {
  latencies.sort((a, b) => a - b)
  const at = q => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))]
  process.stdout.write(
    JSON.stringify({ count: latencies.length, failures, p50: at(0.5), p99: at(0.99), max: at(1) }),
    () => process.exit(0),
  )
})
for (;;) {
  await ask()
  await new Promise(resolve => setTimeout(resolve, 20))
}
