/** All controllers, running against one API (kube-controller-manager and our operator in one). */
import { type Clock, systemClock } from '../base/clock.ts'
import type { KubeApi } from '../client/kube-api.ts'
import { type Capabilities, EMBEDDED } from '../compiler/capabilities.ts'
import { API_VERSION } from '../spec/kinds.ts'
import { csrSigningController, type Sign } from './kubernetes/certificates/csr-signing-controller.ts'
import { clusterRoleAggregationController } from './kubernetes/cluster-role/cluster-role-aggregation-controller.ts'
import { deploymentController } from './kubernetes/deployment/deployment-controller.ts'
import { replicaSetController } from './kubernetes/deployment/replica-set-controller.ts'
import { endpointsController } from './kubernetes/endpoints/endpoints-controller.ts'
import { garbageCollector } from './kubernetes/garbage/garbage-collector.ts'
import { podGarbageController } from './kubernetes/garbage/pod-garbage-controller.ts'
import { jobController } from './kubernetes/job/job-controller.ts'
import { lateKubernetesControllers } from './kubernetes/late-controllers.ts'
import { namespaceController } from './kubernetes/namespace/namespace-controller.ts'
import { namespaceDefaultsController } from './kubernetes/namespace/namespace-defaults-controller.ts'
import { EMBEDDED_NODE_TIMES, type NodeTimes } from './kubernetes/node-lifecycle/node-times.ts'
import { quotaController } from './kubernetes/quota/quota-controller.ts'
import { type ControllerContext, createContext } from './runtime/context.ts'
import { createInformers } from './runtime/informers.ts'
import { type LateController, runLateController } from './runtime/late-controller.ts'
import { type Controller, runController } from './runtime/run-controller.ts'
import { diskInputs, type InputLister } from './solvent/input-files.ts'

export interface ControllersOptions {
  readonly api: KubeApi
  readonly clock?: Clock
  readonly log?: (line: string) => void
  /** PEM of the API server's authority, published as `kube-root-ca.crt` in every namespace. */
  readonly rootCa?: string
  /** Signs requests for client certificates; without it they wait for another signer. */
  readonly sign?: Sign
  /** What the cluster can do, for the compiler; the embedded cluster's unless given. */
  readonly capabilities?: Capabilities
  /** How the files of batch jobs are found; on this machine's disk unless given. */
  readonly inputs?: InputLister
  /** How long nodes may be silent; the embedded cluster's times unless given. */
  readonly nodeTimes?: NodeTimes
}

export interface RunningControllers {
  /** Resolves when what was in hand is done. */
  stop(): Promise<void>
}

/** In the order in which a new cluster needs them. */
const kubernetesControllers = (
  context: ControllerContext,
  rootCa: string | undefined,
  sign: Sign | undefined,
): readonly Controller[] => [
  namespaceDefaultsController(context, rootCa),
  jobController(context),
  replicaSetController(context),
  deploymentController(context),
  endpointsController(context),
  namespaceController(context),
  podGarbageController(context),
  garbageCollector(context),
  quotaController(context),
  clusterRoleAggregationController(context),
  ...(sign ? [csrSigningController(context, sign)] : []),
]

/** They bring the planner and the compiler, a third of the whole program. */
const solventControllers = (
  context: ControllerContext,
  capabilities: Capabilities,
  inputs: InputLister,
): readonly LateController[] => [
  {
    ...{ apiVersion: API_VERSION, kind: 'BatchJob' },
    load: async () =>
      (await import('./solvent/batch-job-controller.ts')).batchJobController(context, capabilities, inputs),
  },
  {
    ...{ apiVersion: API_VERSION, kind: 'TrainingJob' },
    load: async () =>
      (await import('./solvent/training-job-controller.ts')).trainingJobController(context, capabilities),
  },
  {
    ...{ apiVersion: API_VERSION, kind: 'Server' },
    load: async () => (await import('./solvent/server-controller.ts')).serverController(context, capabilities),
  },
]

export function startControllers({
  api,
  clock = systemClock,
  log = () => {},
  rootCa,
  sign,
  capabilities = EMBEDDED,
  inputs = diskInputs,
  nodeTimes = EMBEDDED_NODE_TIMES,
}: ControllersOptions): RunningControllers {
  const informers = createInformers(api, clock, log)
  const context = createContext(api, clock, informers, log)
  const controllers = kubernetesControllers(context, rootCa, sign)
  const late = [
    ...lateKubernetesControllers(context, nodeTimes),
    ...solventControllers(context, capabilities, inputs),
  ].map(each => runLateController(context, each))
  informers.start()
  const running = [...controllers.map(runController), ...late]
  return {
    async stop() {
      await Promise.all(running.map(controller => controller.stop()))
      informers.stop()
    },
  }
}
