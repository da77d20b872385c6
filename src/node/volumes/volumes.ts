/**
 * A pod's volumes: content in a folder of the sandbox each, links at `$SOLVENT_ROOT` + mountPath, and mounts where there is a mount
 * namespace. The token's folder is special: its content is written into the place that every sandbox has mounted ahead.
 */
import { lstatSync, mkdirSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import type { Pod, Volume, VolumeMount } from '../../kube/core.ts'
import { SERVICE_ACCOUNT_DIR } from '../../kube/names.ts'
import { ApiError } from '../../kube/status.ts'
import type { NodeFacts } from '../env/downward.ts'
import type { Lookup } from '../env/references.ts'
import type { Mount, Sandbox } from '../sandbox/sandbox.ts'
import { isPrepared, mountPathOf } from './admit.ts'
import { checkHostPath } from './host-path.ts'
import { payloadOf } from './payload.ts'
import { requestTokens } from './service-account-token.ts'
import { writePayload } from './write-payload.ts'

export type Prepared = { readonly ok: true } | { readonly ok: false; readonly message: string }

export interface VolumeFacts {
  readonly node: NodeFacts
  readonly lookup: Lookup
}

export interface Volumes {
  /**
   * Makes everything that the pod mounts. A failure is the text of a FailedMount Event; the kubelet tries again with back-off (500 ms,
   * doubled up to two minutes), and so should the caller: what is there already stays. Tokens are renewed until `forget`.
   */
  prepare(pod: Pod, sandbox: Sandbox, facts: VolumeFacts): Promise<Prepared>
  /** Writes changed ConfigMaps, Secrets and labels into the volumes of a running pod. */
  refresh(pod: Pod, sandbox: Sandbox, facts: VolumeFacts): Promise<Prepared>
  /** The pod is over: its tokens are renewed no more. The content goes with the sandbox. */
  forget(podUid: string): void
  stop(): void
}

export interface VolumesOptions {
  readonly api: KubeApi
  readonly clock: Clock
  readonly log?: (message: string) => void
}

class Failure extends Error {}

export function createVolumes({ api, clock, log = () => {} }: VolumesOptions): Volumes {
  const renewals = new Map<string, Set<() => void>>()

  /** The volume's content, current. Tokens are asked for only when they are missing or old. */
  async function fill(volume: Volume, place: string, pod: Pod, facts: VolumeFacts): Promise<void> {
    const { byPath, renewAfterMs } = await requestTokens(api, pod, volume)
    const result = payloadOf(volume, { pod, ...facts, tokens: byPath })
    if (result?.ok === false) throw new Failure(result.message)
    if (result) writePayload(place, result.payload)
    if (renewAfterMs !== undefined) renewLater(renewAfterMs, volume, place, pod, facts)
  }

  function renewLater(afterMs: number, volume: Volume, place: string, pod: Pod, facts: VolumeFacts): void {
    const uid = pod.metadata.uid ?? ''
    const cancels = renewals.get(uid) ?? new Set()
    renewals.set(uid, cancels)
    const cancel = clock.after(afterMs, () => {
      cancels.delete(cancel)
      fill(volume, place, pod, facts).catch(error => {
        log(`token of pod ${pod.metadata.namespace}/${pod.metadata.name} was not renewed: ${(error as Error).message}`)
        if (renewals.get(uid) === cancels) renewLater(RETRY_RENEWAL_MS, volume, place, pod, facts)
      })
    })
    cancels.add(cancel)
  }

  async function fillAll(pod: Pod, sandbox: Sandbox, facts: VolumeFacts): Promise<void> {
    for (const volume of mountedVolumes(pod)) {
      try {
        await fillOne(volume, placeOf(volume, pod, sandbox), pod, facts)
      } catch (error) {
        if (!isRetryable(error)) throw error
        throw new Failure(`MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`)
      }
    }
  }

  async function fillOne(volume: Volume, place: string, pod: Pod, facts: VolumeFacts): Promise<void> {
    if (volume.hostPath) {
      const problem = checkHostPath(volume.hostPath.path, volume.hostPath.type)
      if (problem) throw new Failure(problem)
      return
    }
    mkdirSync(place, { recursive: true, mode: volume.emptyDir ? 0o777 : 0o755 })
    await fill(volume, place, pod, facts)
  }

  const attempt = async (work: () => Promise<Prepared>): Promise<Prepared> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Failure) return { ok: false, message: error.message }
      throw error
    }
  }

  return {
    prepare: (pod, sandbox, facts) =>
      attempt(async () => {
        forget(pod.metadata.uid ?? '')
        await fillAll(pod, sandbox, facts)
        const mounts = wantedMounts(pod, sandbox)
        for (const mount of mounts) linkAt(mount, sandbox)
        return sandbox.enter.length > 0 && mounts.length > 0 ? await sandbox.mount(mounts) : { ok: true }
      }),
    refresh: (pod, sandbox, facts) =>
      attempt(async () => {
        forget(pod.metadata.uid ?? '')
        await fillAll(pod, sandbox, facts)
        return { ok: true }
      }),
    forget,
    stop() {
      for (const uid of [...renewals.keys()]) forget(uid)
    },
  }

  function forget(uid: string): void {
    for (const cancel of renewals.get(uid) ?? []) cancel()
    renewals.delete(uid)
  }
}

const RETRY_RENEWAL_MS = 10_000

const isRetryable = (error: unknown): boolean =>
  error instanceof Failure || error instanceof ApiError || typeof (error as NodeJS.ErrnoException).code === 'string'

const mountsOf = ({ spec }: Pod): readonly VolumeMount[] =>
  [...(spec.initContainers ?? []), ...spec.containers].flatMap(container => container.volumeMounts ?? [])

/** Only what a container mounts is made, as upstream. */
function mountedVolumes(pod: Pod): readonly Volume[] {
  const names = new Set(mountsOf(pod).map(mount => mount.name))
  return (pod.spec.volumes ?? []).filter(volume => names.has(volume.name))
}

/** Where a volume's content lies. */
function placeOf(volume: Volume, pod: Pod, sandbox: Sandbox): string {
  if (volume.hostPath) return volume.hostPath.path
  const mounts = mountsOf(pod).filter(mount => mount.name === volume.name)
  return mounts.some(isPrepared) ? join(sandbox.root, SERVICE_ACCOUNT_DIR) : join(sandbox.volumes, volume.name)
}

/** One row a path; parents before what is mounted inside them. */
function wantedMounts(pod: Pod, sandbox: Sandbox): readonly Mount[] {
  const volumes = new Map(mountedVolumes(pod).map(volume => [volume.name, volume]))
  const mounts = new Map<string, Mount>()
  for (const mount of mountsOf(pod)) {
    const volume = volumes.get(mount.name)
    if (!volume || isPrepared(mount)) continue
    const target = mountPathOf(mount)
    const source = subPathOf(placeOf(volume, pod, sandbox), mount, volume)
    // One file system for all containers: where two of them mount the same, it is writable if one of them may write.
    const readOnly = (mount.readOnly ?? false) && (mounts.get(target)?.readOnly ?? true)
    mounts.set(target, { source, target, readOnly })
  }
  return [...mounts.values()].sort((a, b) => (a.target < b.target ? -1 : 1))
}

function subPathOf(place: string, { subPath, name }: VolumeMount, volume: Volume): string {
  if (!subPath) return place
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
    throw new Failure(`failed to prepare subPath for volumeMount "${name}": must be a path within the volume`)
  }
  const path = join(place, subPath)
  if (volume.emptyDir && !statSync(path, { throwIfNoEntry: false })) mkdirSync(path, { recursive: true, mode: 0o777 })
  try {
    // The version that is there now: like upstream, a subPath does not follow updates.
    return realpathSync(path)
  } catch {
    throw new Failure(`failed to prepare subPath for volumeMount "${name}": ${subPath} is not in the volume`)
  }
}

/**
 * A link at `$SOLVENT_ROOT` + mountPath. Where the way there leads through another volume into the host (a mountPath below a hostPath),
 * there is none: no folder of the host is changed for a mount.
 */
function linkAt({ target, source }: Mount, { root, volumes }: Sandbox): void {
  const path = join(root, target)
  const ours = [root, volumes].map(folder => `${realpathSync(folder)}/`)
  const parent = `${nearestReal(dirname(path))}/`
  if (!ours.some(folder => parent.startsWith(folder))) return
  mkdirSync(dirname(path), { recursive: true })
  const present = lstatSync(path, { throwIfNoEntry: false })
  if (present?.isDirectory()) return
  if (present) rmSync(path)
  symlinkSync(source, path)
}

function nearestReal(path: string): string {
  let at = path
  while (!statSync(at, { throwIfNoEntry: false })) at = dirname(at)
  return realpathSync(at)
}
