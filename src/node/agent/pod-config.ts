/**
 * Keeps a pod's configuration as the API has it: the files of its volumes follow ConfigMaps, Secrets, labels and annotations, and what
 * waits for something that is missing is tried again as soon as it is there.
 */
import type { Pod } from '../../kube/core.ts'
import { type Lookup, type References, volumeReferences } from '../env/references.ts'
import { mountedVolumes } from '../volumes/pod-mounts.ts'
import type { AgentParts } from './agent-parts.ts'
import type { PodContext } from './pod-context.ts'
import { nodeFacts } from './surroundings.ts'

export interface PodConfig {
  /** Its volumes are there as `known` has it; from now on they follow. */
  follow(known: Lookup): void
  /** Calls once when any of these differs from `known`. */
  await(wanted: References, known: Lookup, retry: () => void): void
  /** The API has the pod anew. */
  podChanged(before: Pod): void
  stop(): void
}

/** Most pods are over before, and need no watch. */
const FOLLOW_AFTER_MS = 300

export function createPodConfig(parts: AgentParts, { pod, place, hasLeft }: PodContext): PodConfig {
  const { clock, events, references } = parts
  let lookup: Lookup | undefined
  let stopFollowing = (): void => {}
  let stopAwaiting = (): void => {}
  const namespace = pod().metadata.namespace ?? ''

  async function refresh(now: Lookup): Promise<void> {
    lookup = now
    const sandbox = place()?.sandbox
    if (!sandbox || hasLeft()) return
    const refreshed = await parts.volumes.refresh(pod(), sandbox, { node: nodeFacts(parts, sandbox), lookup: now })
    if (!refreshed.ok) events.event(pod(), 'Warning', 'FailedMount', refreshed.message)
  }

  function refreshed(now: Lookup): void {
    refresh(now).catch((error: Error) => parts.log(`volumes of pod ${pod().metadata.name}: ${error.message}`))
  }

  return {
    follow(known) {
      stopAwaiting()
      stopFollowing()
      lookup = known
      const volumes = mountedVolumes(pod())
      const { configMaps, secrets } = volumeReferences(volumes)
      if (configMaps.length + secrets.length === 0) return
      stopFollowing = clock.after(FOLLOW_AFTER_MS, () => {
        stopFollowing = references.watch(namespace, { configMaps, secrets }, lookup ?? known, refreshed)
      })
    },
    await(wanted, known, retry) {
      stopAwaiting()
      stopAwaiting = references.watch(namespace, wanted, known, () => {
        stopAwaiting()
        if (!hasLeft()) retry()
      })
    },
    podChanged(before) {
      if (lookup && showsItself(pod()) && differs(before, pod())) refreshed(lookup)
    },
    stop() {
      lookup = undefined
      stopFollowing()
      stopAwaiting()
    },
  }
}

/** Labels, annotations or resources of the pod are in a file of it. */
const showsItself = (pod: Pod): boolean =>
  mountedVolumes(pod).some(
    ({ downwardAPI, projected }) =>
      downwardAPI !== undefined || projected?.sources?.some(source => source.downwardAPI !== undefined),
  )

const shown = ({ metadata, spec }: Pod): string =>
  JSON.stringify([metadata.labels, metadata.annotations, spec.containers.map(({ resources }) => resources)])

const differs = (before: Pod, after: Pod): boolean => shown(before) !== shown(after)
