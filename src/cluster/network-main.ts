/** The cluster's network in a process of its own (dist/network.cjs): the switch, Services' addresses, DNS. What it wrote outlives it. */
import type { HostCommands } from '../base/host-commands.ts'
import { clusterNetwork } from './join-node.ts'
import { startServicesLater } from './late-services.ts'
import { runPart } from './run-part.ts'

runPart({
  part: 'network',
  who: () => 'network',
  patienceMs: () => 400,
  async start({ given, api, clock, log, spawner }) {
    const commands: HostCommands = { run: async (argv, options) => (await spawner).run(argv, options) }
    const network = clusterNetwork({ ...given, role: 'owner', slice: { index: 0, of: 1 } }, commands)
    const opened = await network.open()
    if (!opened.ok) log(`no network of the cluster's own: ${opened.message}`)
    const services = startServicesLater({ after: Promise.resolve(), api, clock, commands, network, log })
    return {
      async stop() {
        await services.stop()
        await network.close()
      },
    }
  },
})
