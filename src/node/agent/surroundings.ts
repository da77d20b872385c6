/** Brings a pod its sandbox, names and volumes; the part of a pod's start that comes before any of its containers. */

import type { Container, Pod } from '../../kube/core.ts'
import { envReferences, fetchReferences, type Lookup, podReferences } from '../env/references.ts'
import type { PodGroup } from '../resources/enforcement.ts'
import { looksWarm } from '../runtimes/warm/can-stand-in.ts'
import type { WarmSlot } from '../runtimes/warm/warm-slot.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { admit } from '../volumes/admit.ts'
import { wantsMounts } from '../volumes/pod-mounts.ts'
import type { AgentParts } from './agent-parts.ts'
import type { Refusal } from './observed.ts'
import { allContainersOf, argvOf } from './roles.ts'

export interface Place {
  readonly sandbox: Sandbox
  /** Bounds what its processes use. */
  readonly group: PodGroup
  /** Waits in the sandbox; for the first container only. */
  slot?: WarmSlot
}

const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 120_000

export const hostnameOf = ({ spec, metadata }: Pod): string => (spec.hostname ?? metadata.name ?? '').slice(0, 63)

/** With a process that waits if the first container to start can use one. */
export async function findPlace(parts: AgentParts, pod: Pod): Promise<Place> {
  const [first] = allContainersOf(pod)
  const warm = first && looksWarm(argvOf(first), parts.preloads) ? parts.warmPool.take() : undefined
  if (warm) return { ...warm }
  parts.enforcement.expectStart()
  const sandbox = parts.pool.ready() ?? (await parts.pool.take())
  return { sandbox, group: parts.enforcement.open(pod.metadata.uid ?? '') }
}

/** What is refused for good is refused before a sandbox is taken. */
export const refusalOf = (parts: AgentParts, pod: Pod): Refusal | undefined => {
  const message = admit(pod, parts.isolation)
  return message === undefined ? undefined : { reason: 'MountRefused', message }
}

export interface Furnished {
  /** Why not all is there. */
  readonly refusal?: Refusal
  /** What it is made from, where it mounts something. */
  readonly lookup?: Lookup
}

export async function furnish(parts: AgentParts, pod: Pod, sandbox: Sandbox, attempt: number): Promise<Furnished> {
  const retryMs = parts.clock.monotonicMs() + Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt)
  try {
    const namesKnown = parts.onSandbox(pod, sandbox)
    const mounts = wantsMounts(pod)
    let lookup: Lookup | undefined
    if (mounts) {
      lookup = await fetchReferences(parts.api, pod.metadata.namespace ?? '', podReferences(pod))
      const prepared = await parts.volumes.prepare(pod, sandbox, { node: nodeFacts(parts, sandbox), lookup })
      if (!prepared.ok) return { refusal: { reason: 'FailedMount', message: prepared.message, retryMs }, lookup }
    }
    await namesKnown
    return { lookup }
  } catch (error) {
    return { refusal: { reason: 'FailedCreatePodSandBox', message: (error as Error).message, retryMs } }
  }
}

/** A pod that runs already, under an agent that is new: its names and volumes are kept right again, its token renewed. */
export async function resume(parts: AgentParts, pod: Pod, sandbox: Sandbox): Promise<Lookup | undefined> {
  await parts.onSandbox(pod, sandbox)
  try {
    const lookup = await fetchReferences(parts.api, pod.metadata.namespace ?? '', podReferences(pod))
    const refreshed = await parts.volumes.refresh(pod, sandbox, { node: nodeFacts(parts, sandbox), lookup })
    if (!refreshed.ok) parts.log(`volumes of pod ${pod.metadata.name}: ${refreshed.message}`)
    return lookup
  } catch (error) {
    parts.log(`volumes of pod ${pod.metadata.name}: ${(error as Error).message}`)
    return undefined
  }
}

export const nodeFacts = ({ nodeName, hostIP, allocatable }: AgentParts, { address }: Sandbox) => ({
  nodeName,
  hostIP,
  podIP: address,
  allocatable,
})

const NOTHING: Lookup = { configMap: () => undefined, secret: () => undefined }

/** What a container's variables refer to; most refer to nothing. */
export async function referencesOf(parts: AgentParts, pod: Pod, container: Container): Promise<Lookup> {
  const references = envReferences([container])
  if (references.configMaps.length + references.secrets.length === 0) return NOTHING
  return fetchReferences(parts.api, pod.metadata.namespace ?? '', references)
}
