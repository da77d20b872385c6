/** The copies of a Server: its Deployment, and a small second one while a change is tried on a canary. */
import { RIGHT_SIZE, ROLE } from '../../../kube/names.ts'
import type { Deployment } from '../../../kube/workloads.ts'
import type { Server } from '../../../spec/kinds.ts'
import type { Capabilities } from '../../capabilities.ts'
import { metadataFor, nameOf } from '../../made-for.ts'
import { CANARY, copyLabels, REPLICA } from './names.ts'
import { podTemplate } from './pod-template.ts'
import { isScaled, leastCopies } from './scaling.ts'

/** Older revisions that can be gone back to. */
const HISTORY = 3
const CANARY_PERCENT = 10

export const deployment = (server: Server, capabilities: Capabilities): Deployment =>
  deploymentOf(server, capabilities, REPLICA, isScaled(server) ? undefined : leastCopies(server))

export const canaryName = (server: Server): string => `${nameOf(server)}-canary`

/** `copies`: how many run now; the canary comes on top of them. */
export function canaryDeployment(server: Server, capabilities: Capabilities, copies: number): Deployment {
  const { percent = CANARY_PERCENT } = server.spec.rollout?.canary ?? {}
  return deploymentOf(server, capabilities, CANARY, Math.max(1, Math.round((copies * percent) / 100)))
}

function deploymentOf(
  server: Server,
  capabilities: Capabilities,
  role: typeof REPLICA | typeof CANARY,
  replicas: number | undefined,
): Deployment {
  const isCanary = role === CANARY
  const metadata = metadataFor(server, isCanary ? canaryName(server) : nameOf(server), { [ROLE]: role })
  const rightSized = server.spec.resources?.auto && capabilities.rightSizing === 'recommender' && !isCanary
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: rightSized ? { ...metadata, annotations: { [RIGHT_SIZE]: 'true' } } : metadata,
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      revisionHistoryLimit: isCanary ? 0 : (server.spec.rollout?.history ?? HISTORY),
      selector: { matchLabels: copyLabels(server, role) },
      strategy: strategyOf(server),
      template: podTemplate(server, capabilities, role),
    },
  }
}

/** Unless said otherwise a new copy answers before an old one goes. */
function strategyOf({ spec: { rollout = {} } }: Server): NonNullable<Deployment['spec']['strategy']> {
  if (rollout.strategy === 'recreate') return { type: 'Recreate' }
  const { maxSurge = '25%', maxUnavailable = '0' } = rollout
  return {
    type: 'RollingUpdate',
    rollingUpdate: { maxSurge: countOrShare(maxSurge), maxUnavailable: countOrShare(maxUnavailable) },
  }
}

/** Kubernetes' IntOrString. */
export const countOrShare = (text: string): number | string => (text.endsWith('%') ? text : Number(text))
