/** A program that makes sandboxes and then only lives, to be killed: what the server is to its sandboxes. Arguments: state folder, isolation, how many, seconds of patience. */
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { createPodNetwork } from '../../src/network/pod-network.ts'
import { createSandboxes } from '../../src/node/sandbox/create-sandboxes.ts'
import type { Isolation } from '../../src/node/sandbox/sandbox.ts'
import { childCommands } from '../../src/node/sandbox/testdata/child-commands.ts'

const [state = '', atMost = 'full', count = '1', patience = '15'] = process.argv.slice(2)
const life = setInterval(() => {}, 1_000_000)
const patienceSeconds = Number(patience)
const network = createPodNetwork({ commands: childCommands, folder: join(state, 'network'), patienceSeconds })
const folder = join(state, 'sandboxes')
const clock = systemClock
const sandboxes = await createSandboxes({
  commands: childCommands,
  folder,
  clock,
  network,
  atMost: atMost as Isolation,
  patienceSeconds,
})
const made = await Promise.all(Array.from({ length: Number(count) }, () => sandboxes.create()))
await Promise.all(made.map((sandbox, i) => sandbox.setHosts(`pod-${i}`, [])))
const { isolation, limitation } = sandboxes
console.log(JSON.stringify({ isolation, limitation, made }))

process.stdin.on('data', async () => {
  await sandboxes.close()
  clearInterval(life)
  process.exit(0)
})
