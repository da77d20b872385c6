/**
 * A pod's volumes: content in a folder of the sandbox each, links at `$SOLVENT_ROOT` + mountPath, and mounts where there is a mount
 * namespace. The token's folder is special: its content is written into the place that every sandbox has mounted ahead.
 */
import { chmodSync, mkdirSync } from 'node:fs'
import type { Clock } from '../../base/clock.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import type { Pod, Volume } from '../../kube/core.ts'
import { ApiError } from '../../kube/status.ts'
import type { NodeFacts } from '../env/downward.ts'
import type { Lookup } from '../env/references.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { checkHostPath } from './host-path.ts'
import { payloadOf } from './payload.ts'
import { hasSubPath, linkAt, mountedVolumes, placeOf, VolumeFailure, wantedMounts } from './pod-mounts.ts'
import { requestTokens, type Tokens } from './service-account-token.ts'
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
  /** Writes changed ConfigMaps, Secrets and labels into the volumes of a running pod: each volume changes as a whole. */
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

/** A pod whose volumes are there, as it is now: what is written later, a renewed token, is written beside what is newest of the rest. */
interface Present {
  pod: Pod
  facts: VolumeFacts
  /** By volume. */
  readonly tokens: Map<string, Tokens>
  readonly cancels: Set<() => void>
}

const RETRY_RENEWAL_MS = 10_000

export function createVolumes({ api, clock, log = () => {} }: VolumesOptions): Volumes {
  const present = new Map<string, Present>()
  const uidOf = ({ metadata }: Pod): string => metadata.uid ?? ''

  function presentOf(pod: Pod, facts: VolumeFacts): Present {
    const known = present.get(uidOf(pod))
    if (known) return Object.assign(known, { pod, facts })
    const fresh = { pod, facts, tokens: new Map(), cancels: new Set<() => void>() }
    present.set(uidOf(pod), fresh)
    return fresh
  }

  /** The volume's content, current. */
  async function fill(volume: Volume, place: string, of: Present): Promise<void> {
    const { byPath } = of.tokens.get(volume.name) ?? (await newTokens(volume, place, of))
    // The pod may be over by now, and its place another one's.
    if (present.get(uidOf(of.pod)) !== of) return
    const result = payloadOf(volume, { pod: of.pod, ...of.facts, tokens: byPath })
    if (result?.ok === false) throw new VolumeFailure(result.message)
    if (result) writePayload(place, result.payload, { keepsFirst: hasSubPath(volume, of.pod) })
  }

  async function newTokens(volume: Volume, place: string, of: Present): Promise<Tokens> {
    const tokens = await requestTokens(api, of.pod, volume)
    of.tokens.set(volume.name, tokens)
    if (tokens.renewAfterMs !== undefined) renewLater(tokens.renewAfterMs, volume, place, of)
    return tokens
  }

  function renewLater(afterMs: number, volume: Volume, place: string, of: Present): void {
    if (present.get(uidOf(of.pod)) !== of) return
    const cancel = clock.after(afterMs, () => {
      of.cancels.delete(cancel)
      const before = of.tokens.get(volume.name)
      of.tokens.delete(volume.name)
      fill(volume, place, of).catch(error => {
        const { namespace, name } = of.pod.metadata
        log(`token of pod ${namespace}/${name} was not renewed: ${(error as Error).message}`)
        if (of.tokens.has(volume.name)) return
        if (before) of.tokens.set(volume.name, before)
        renewLater(RETRY_RENEWAL_MS, volume, place, of)
      })
    })
    of.cancels.add(cancel)
  }

  async function fillAll(sandbox: Sandbox, of: Present): Promise<void> {
    for (const volume of mountedVolumes(of.pod)) {
      try {
        await fillOne(volume, placeOf(volume, of.pod, sandbox), of)
      } catch (error) {
        if (!isRetryable(error)) throw error
        throw new VolumeFailure(`MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`)
      }
    }
  }

  async function fillOne(volume: Volume, place: string, of: Present): Promise<void> {
    if (volume.hostPath) {
      const problem = checkHostPath(volume.hostPath.path, volume.hostPath.type)
      if (problem) throw new VolumeFailure(problem)
      return
    }
    const mode = volume.emptyDir ? 0o777 : 0o755
    mkdirSync(place, { recursive: true, mode })
    // Past the mask of this process: a container may run as somebody else.
    if ((mode & ~process.umask()) !== mode) chmodSync(place, mode)
    await fill(volume, place, of)
  }

  const attempt = async (work: () => Promise<Prepared>): Promise<Prepared> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof VolumeFailure) return { ok: false, message: error.message }
      throw error
    }
  }

  return {
    prepare: (pod, sandbox, facts) =>
      attempt(async () => {
        forget(uidOf(pod))
        await fillAll(sandbox, presentOf(pod, facts))
        const mounts = wantedMounts(pod, sandbox)
        for (const mount of mounts) linkAt(mount, sandbox)
        return sandbox.enter.length > 0 && mounts.length > 0 ? await sandbox.mount(mounts) : { ok: true }
      }),
    refresh: (pod, sandbox, facts) =>
      attempt(async () => {
        await fillAll(sandbox, presentOf(pod, facts))
        return { ok: true }
      }),
    forget,
    stop() {
      for (const uid of [...present.keys()]) forget(uid)
    },
  }

  function forget(uid: string): void {
    for (const cancel of present.get(uid)?.cancels ?? []) cancel()
    present.delete(uid)
  }
}

const isRetryable = (error: unknown): boolean =>
  error instanceof VolumeFailure ||
  error instanceof ApiError ||
  typeof (error as NodeJS.ErrnoException).code === 'string'
