/** What the agent's parts share: the world that a pod is brought into. */
import type { Clock } from '../../base/clock.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import type { Pod, ResourceList, Service } from '../../kube/core.ts'
import type { Amounts } from '../../kube/quota/amounts.ts'
import type { ReferenceWatcher } from '../env/watch-references.ts'
import type { Lives } from '../logs/lives.ts'
import type { Enforcement } from '../resources/enforcement.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import type { Preload } from '../runtimes/warm/hand-over.ts'
import type { WarmPool } from '../runtimes/warm/warm-pool.ts'
import type { Isolation, Sandbox } from '../sandbox/sandbox.ts'
import type { Spawner } from '../spawner/spawner-client.ts'
import type { ContainerInputs } from '../streams/container-inputs.ts'
import type { Volumes } from '../volumes/volumes.ts'
import type { BackOffLimits } from './back-off.ts'
import type { PodFolders } from './pod-folders.ts'
import type { SandboxPool } from './sandbox-pool.ts'

export interface AgentParts {
  readonly api: KubeApi
  readonly clock: Clock
  readonly spawner: Spawner
  readonly isolation: Isolation
  /** Holds pods to their limits. */
  readonly enforcement: Enforcement
  /** In the order in which they are asked. */
  readonly runtimes: readonly Runtime[]
  readonly pool: SandboxPool
  readonly warmPool: WarmPool
  readonly preloads: readonly Preload[]
  readonly inputs: ContainerInputs
  readonly volumes: Volumes
  readonly references: ReferenceWatcher
  readonly folders: PodFolders
  readonly lives: Lives
  readonly events: EventRecorder
  readonly log: (message: string) => void
  readonly nodeName: string
  readonly hostIP: string
  readonly allocatable: ResourceList
  /** What the pods of this node but one ask for. */
  readonly requestedByOthers: (podUid: string) => Amounts
  readonly apiPort: number
  /** Of a namespace: a pod's variables name them. */
  readonly servicesIn: (namespace: string) => readonly Service[]
  readonly backOff: BackOffLimits
  /** PATH, HOME and what else every container begins with. */
  readonly baseEnv: Readonly<Record<string, string>>
  /** The pod has its sandbox; before its first container starts. */
  readonly onSandbox: (pod: Pod, sandbox: Sandbox) => Promise<void>
  readonly onSandboxGone: (podUid: string) => void
}
