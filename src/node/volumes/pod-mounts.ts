/**
 * Where a pod's volumes lie and where its containers want them: rows of mounts, and links at `$SOLVENT_ROOT` + mountPath for those who look
 * there.
 */
import { chmodSync, lstatSync, mkdirSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import type { Container, Pod, Volume, VolumeMount } from '../../kube/core.ts'
import { SERVICE_ACCOUNT_DIR } from '../../kube/names.ts'
import type { Mount, Sandbox } from '../sandbox/sandbox.ts'
import { isPrepared, mountPathOf } from './admit.ts'

/** The text of a FailedMount Event. */
export class VolumeFailure extends Error {}

const mountsOf = ({ spec }: Pod): readonly VolumeMount[] =>
  [...(spec.initContainers ?? []), ...spec.containers].flatMap(container => container.volumeMounts ?? [])

/** Every sandbox has it at that place. */
const LAST_WORDS = '/dev/termination-log'

/** Containers that leave their last words somewhere else, which is to be their own file and none of this machine. */
const ownWords = ({ spec }: Pod): readonly Container[] =>
  [...(spec.initContainers ?? []), ...spec.containers].filter(
    ({ terminationMessagePath: path = LAST_WORDS, volumeMounts = [] }) =>
      path !== LAST_WORDS && !volumeMounts.some(mount => path.startsWith(`${mountPathOf(mount)}/`)),
  )

/** Whether anything at all is to be mounted for it. */
export const wantsMounts = (pod: Pod): boolean => mountsOf(pod).length > 0 || ownWords(pod).length > 0

/** Only what a container mounts is made, as upstream. */
export function mountedVolumes(pod: Pod): readonly Volume[] {
  const names = new Set(mountsOf(pod).map(mount => mount.name))
  return (pod.spec.volumes ?? []).filter(volume => names.has(volume.name))
}

/** Some container sees one file of it, as it was when the pod came. */
export const hasSubPath = (volume: Volume, pod: Pod): boolean =>
  mountsOf(pod).some(mount => mount.name === volume.name && mount.subPath)

/** Where a volume's content lies. */
export function placeOf(volume: Volume, pod: Pod, sandbox: Sandbox): string {
  if (volume.hostPath) return volume.hostPath.path
  const mounts = mountsOf(pod).filter(mount => mount.name === volume.name)
  return mounts.some(isPrepared) ? join(sandbox.root, SERVICE_ACCOUNT_DIR) : join(sandbox.volumes, volume.name)
}

/** One row a path; parents before what is mounted inside them. */
export function wantedMounts(pod: Pod, sandbox: Sandbox): readonly Mount[] {
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
  for (const container of ownWords(pod)) {
    const target = posix.join('/', container.terminationMessagePath ?? '')
    mounts.set(target, { source: wordsFile(container, sandbox), target, readOnly: false })
  }
  return [...mounts.values()].sort((a, b) => (a.target < b.target ? -1 : 1))
}

function wordsFile({ name }: Container, { volumes }: Sandbox): string {
  const folder = join(volumes, '.last-words')
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const file = join(folder, name)
  writeFileSync(file, '')
  chmodSync(file, 0o666)
  return file
}

function subPathOf(place: string, { subPath, name }: VolumeMount, volume: Volume): string {
  if (!subPath) return place
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
    throw new VolumeFailure(`failed to prepare subPath for volumeMount "${name}": must be a path within the volume`)
  }
  const path = join(place, subPath)
  if (volume.emptyDir && !statSync(path, { throwIfNoEntry: false })) mkdirSync(path, { recursive: true, mode: 0o777 })
  try {
    // The version that is there now: like upstream, a subPath does not follow updates.
    return realpathSync(path)
  } catch {
    throw new VolumeFailure(`failed to prepare subPath for volumeMount "${name}": ${subPath} is not in the volume`)
  }
}

/**
 * A link at `$SOLVENT_ROOT` + mountPath. Where the way there leads through another volume into the host (a mountPath below a hostPath),
 * there is none: no folder of the host is changed for a mount.
 */
export function linkAt({ target, source }: Mount, { root, volumes }: Sandbox): void {
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
