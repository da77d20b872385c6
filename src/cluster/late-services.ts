/** What the cluster's network does for Services (network/start-services.ts), loaded only when the node is Ready: nothing waits for it before. */

import type { Clock } from '../base/clock.ts'
import type { HostCommands } from '../base/host-commands.ts'
import type { KubeApi } from '../client/kube-api.ts'
import type { PodNetwork } from '../network/pod-network.ts'
import type { RunningServices } from '../network/start-services.ts'

export interface LateServices {
  stop(): Promise<void>
}

export interface LateServicesOptions {
  readonly after: Promise<void>
  readonly api: KubeApi
  readonly clock: Clock
  readonly commands: HostCommands
  readonly network: PodNetwork
  readonly log: (line: string) => void
}

export function startServicesLater({ after, ...options }: LateServicesOptions): LateServices {
  let running: RunningServices | undefined
  let isStopped = false
  after
    .then(() => import('../network/start-services.ts'))
    .then(({ startServices }) => {
      if (!isStopped) running = startServices(options)
    })
    .catch((error: Error) => options.log(`network: ${error.stack}`))
  return {
    async stop() {
      isStopped = true
      await running?.stop()
    },
  }
}
