/** What a Server's status says, from its Deployment, its Service and what its copies use. Pure. */
import type { Instant } from '../../base/clock.ts'
import type { Service } from '../../kube/core.ts'
import type { Condition } from '../../kube/object.ts'
import type { Deployment } from '../../kube/workloads.ts'
import type { Server, ServerProtocol, ServerStatus } from '../../spec/kinds.ts'
import { conditionOf, withCondition } from '../runtime/conditions.ts'
import { templateName } from './server-canary.ts'

/** Of all copies together, as text for people; undefined where it is not measured. */
export interface ServerUsage {
  readonly requestsPerSecond?: string
  readonly cpu?: string
  readonly memory?: string
}

export interface ServerFacts {
  readonly server: Server
  readonly deployment: Deployment | undefined
  /** The Deployment that the declaration compiles to. */
  readonly wanted: Deployment | undefined
  readonly service: Service | undefined
  /** A change is tried on a canary, or did not stand there. */
  readonly isTrying: boolean
  readonly usage: ServerUsage | undefined
}

export function statusFields(facts: ServerFacts, now: Instant): ServerStatus {
  const { server, deployment, wanted, service, usage, isTrying } = facts
  const { status: found = {}, spec } = deployment ?? {}
  const isSettled = deployment !== undefined && found.observedGeneration === deployment.metadata.generation
  const available = conditionOf(deployment, 'Available')
  const isIdle = isSettled && spec?.replicas === 0
  const isAvailable = isSettled && !isIdle && available?.status === 'True'
  const claims: readonly Claim[] = [
    availability(isAvailable, isIdle, available?.message),
    ...progress(deployment),
    currency(deployment, wanted, isTrying),
  ]
  const kept = server.status?.conditions?.filter(({ type }) => type !== 'Failed')
  const readyReplicas = found.readyReplicas ?? 0
  return {
    phase: isIdle ? 'Idle' : isAvailable ? 'Available' : 'Pending',
    observedGeneration: server.metadata.generation,
    conditions: claims.reduce<readonly Condition[]>((all, each) => withCondition(all, each, now), kept ?? []),
    replicas: found.replicas ?? 0,
    readyReplicas,
    ready: `${readyReplicas}/${spec?.replicas ?? 0}`,
    url: urlOf(server, service),
    requestsPerSecond: usage?.requestsPerSecond,
    cpu: usage?.cpu,
    memory: usage?.memory,
  }
}

type Claim = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>

function availability(isAvailable: boolean, isIdle: boolean, message: string | undefined): Claim {
  if (isIdle) {
    return { type: 'Available', status: 'True', reason: 'Idle', message: 'No copy runs; a request starts one.' }
  }
  const reason = isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable'
  const status = isAvailable ? 'True' : 'False'
  return { type: 'Available', status, reason, message: message ?? 'The Deployment has not begun.' }
}

const progress = (deployment: Deployment | undefined): readonly Claim[] => {
  const found = conditionOf(deployment, 'Progressing')
  return found ? [{ type: 'Progressing', status: found.status, reason: found.reason, message: found.message }] : []
}

/**
 * The Deployment was made from this very template, and has another one now: somebody went back to a revision. That holds until another
 * template is declared.
 */
export const isRolledBack = (present: Deployment, wanted: Deployment): boolean =>
  templateName(present) === templateName(wanted) && !holds(present.spec.template, wanted.spec.template)

/** Whether what runs is what is declared. */
function currency(deployment: Deployment | undefined, wanted: Deployment | undefined, isTrying: boolean): Claim {
  const other = (reason: string, message: string): Claim => ({ type: 'Current', status: 'False', reason, message })
  if (isTrying) return other('Canary', 'The change is tried on a canary; the other copies are as they were.')
  if (deployment && wanted && isRolledBack(deployment, wanted)) {
    const message = 'The Deployment was rolled back. Another program or configuration in the declaration is rolled out.'
    return other('RolledBack', message)
  }
  return { type: 'Current', status: 'True', reason: 'AsDeclared', message: 'The copies run what is declared.' }
}

/** Whether all that is wanted is there; the API server adds defaults. */
function holds(present: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return present === wanted
  if (typeof present !== 'object' || present === null) return false
  if (Array.isArray(wanted) && (!Array.isArray(present) || present.length !== wanted.length)) return false
  return Object.entries(wanted).every(([key, value]) => holds((present as Record<string, unknown>)[key], value))
}

const SCHEMES: Readonly<Record<ServerProtocol, string>> = { http: 'http', grpc: 'grpc', tcp: 'tcp', udp: 'udp' }

interface LoadBalanced {
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] }
  }
}

/** The address for the outside where there is one, else that inside the cluster. */
export function urlOf(server: Server, service: Service | undefined): string | undefined {
  const { run } = server.spec
  const [outside] = (service as LoadBalanced | undefined)?.status?.loadBalancer?.ingress ?? []
  const host = outside?.hostname ?? outside?.ip ?? service?.spec.clusterIP
  if (!host || host === 'None') return undefined
  const protocol = run.protocol ?? 'http'
  const port = protocol === 'http' && run.port === 80 ? '' : `:${run.port}`
  return `${SCHEMES[protocol]}://${host.includes(':') ? `[${host}]` : host}${port}`
}
