/** A pod's containers and what each is there for. Pure. */
import type { Container, Pod } from '../../kube/core.ts'

/** A sidecar is an init container with `restartPolicy: Always`: it stays, and the next one follows once it has started. */
export type Role = 'init' | 'sidecar' | 'main' | 'ephemeral'

export const initContainersOf = (pod: Pod): readonly Container[] => pod.spec.initContainers ?? []

export const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always'

export const sidecarsOf = (pod: Pod): readonly Container[] => initContainersOf(pod).filter(isSidecar)

/** Added to a pod that runs, to look into it: one that names no program means the shell of its image (`kubectl debug -it --image=…`). */
export const ephemeralContainersOf = (pod: Pod): readonly Container[] =>
  (pod.spec.ephemeralContainers ?? []).map(container =>
    container.command?.length || container.args?.length ? container : { ...container, command: ['sh'] },
  )

export const allContainersOf = (pod: Pod): readonly Container[] => [
  ...initContainersOf(pod),
  ...pod.spec.containers,
  ...ephemeralContainersOf(pod),
]

export const roleOf = (pod: Pod, container: Container): Role => {
  if (pod.spec.containers.some(({ name }) => name === container.name)) return 'main'
  if (!initContainersOf(pod).some(({ name }) => name === container.name)) return 'ephemeral'
  return isSidecar(container) ? 'sidecar' : 'init'
}

/** What it runs; the embedded cluster knows no images, so that a container without a command cannot run. */
export const argvOf = ({ command = [], args = [] }: Container): readonly string[] =>
  command.length === 0 ? [] : [...command, ...args]

/** Whether one that ended is started again (the kubelet's ContainerShouldRestart). */
export function restarts(pod: Pod, container: Container, role: Role, exitCode: number): boolean {
  if (role === 'ephemeral') return false
  if (role === 'sidecar' || ruleOf(container, exitCode) !== undefined) return true
  const policy = container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always'
  if (policy === 'Always' && role === 'main') return true
  return policy !== 'Never' && exitCode !== 0
}

/** Whether a kill, whose exit code is not known yet, is followed by a restart. */
export const restartsAtAll = (pod: Pod, { restartPolicy }: Container, role: Role): boolean =>
  role === 'sidecar' || (role !== 'ephemeral' && (restartPolicy ?? pod.spec.restartPolicy) !== 'Never')

/** What the first rule whose exit codes match says (KEP-5307); rules need a policy beside them. */
export function ruleOf({ restartPolicy, restartPolicyRules = [] }: Container, exitCode: number) {
  if (restartPolicy === undefined) return undefined
  const rule = restartPolicyRules.find(({ exitCodes }) => {
    if (!exitCodes) return false
    return (exitCodes.values ?? []).includes(exitCode) === (exitCodes.operator === 'In')
  })
  return rule?.action
}
