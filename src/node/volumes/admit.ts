/**
 * Which containers may have mounts on this machine. Where there is no mount namespace a volume lies at `$SOLVENT_ROOT` + mountPath only;
 * programs of ours look there, any other would miss its files, so its pod is refused with a sentence for the Event.
 */
import { basename, posix } from 'node:path'
import type { Container, Pod, Volume, VolumeMount } from '../../kube/core.ts'
import { SERVICE_ACCOUNT_DIR } from '../../kube/names.ts'
import type { Isolation } from '../sandbox/sandbox.ts'

/** Whether a mount command is due for this pod: its token's folder is prepared in every sandbox. */
export const mountsNeeded = (pod: Pod): boolean =>
  containersOf(pod).some(container => (container.volumeMounts ?? []).some(mount => !isPrepared(mount)))

/** Absolute, without `..` and without a slash at its end. */
export const mountPathOf = ({ mountPath }: VolumeMount): string => posix.join('/', mountPath).replace(/(?<=.)\/+$/, '')

export const isPrepared = (mount: VolumeMount): boolean => !mount.subPath && mountPathOf(mount) === SERVICE_ACCOUNT_DIR

/** Why the pod cannot run here, or undefined. */
export function admit(pod: Pod, isolation: Isolation): string | undefined {
  return clash(pod) ?? (isolation === 'none' ? withoutMounts(pod) : undefined)
}

function withoutMounts(pod: Pod): string | undefined {
  const volumes = new Map((pod.spec.volumes ?? []).map(volume => [volume.name, volume]))
  for (const container of containersOf(pod)) {
    if (knowsSolventRoot(container)) continue
    const mount = container.volumeMounts?.find(each => !isPrepared(each) && !isApiAccess(volumes.get(each.name)))
    if (mount) {
      return (
        `container ${container.name} mounts volume ${mount.name} at ${mount.mountPath}, but this machine allows no mount namespaces; ` +
        `its files would lie at $SOLVENT_ROOT${mount.mountPath}. Run solvent as root or allow unprivileged user namespaces.`
      )
    }
  }
  return undefined
}

/** The containers of a pod share one file system here, so a path is one volume's. */
function clash(pod: Pod): string | undefined {
  const seen = new Map<string, { container: string; source: string }>()
  for (const container of containersOf(pod)) {
    for (const mount of container.volumeMounts ?? []) {
      const path = mountPathOf(mount)
      const source = `${mount.name}/${mount.subPath ?? ''}`
      if (path === '/')
        return `container ${container.name} mounts volume ${mount.name} at /, which would hide everything. Mount it below.`
      const other = seen.get(path)
      if (other && other.source !== source) {
        return (
          `containers ${other.container} and ${container.name} mount different volumes at ${path}, but the containers of a pod share ` +
          'one file system in the embedded cluster. Mount them at different paths.'
        )
      }
      seen.set(path, { container: container.name, source })
    }
  }
  return undefined
}

const containersOf = ({ spec }: Pod): readonly Container[] => [...(spec.initContainers ?? []), ...spec.containers]

/** The volume that admission adds to every pod. */
const isApiAccess = (volume: Volume | undefined): boolean =>
  volume?.projected?.sources?.some(source => source.serviceAccountToken) ?? false

/** A program of ours, or a shell that starts launcher.sh. */
function knowsSolventRoot({ command = [], args = [] }: Container): boolean {
  const [program = '', ...rest] = [...command, ...args]
  if (OURS.has(basename(program))) return true
  return SHELLS.has(basename(program)) && rest.some(word => /(^|[\s"'/])launcher\.sh(["'\s]|$)/.test(word))
}

const OURS = new Set(['solvent-batch', 'solvent-serve'])
const SHELLS = new Set(['sh', 'bash', 'dash'])
