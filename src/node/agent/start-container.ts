/** Starts one container: its variables, its program, the runtime that takes it. */
import { statSync } from 'node:fs'
import type { Container, Pod } from '../../kube/core.ts'
import { containerEnv } from '../env/container-env.ts'
import { expand } from '../env/expand.ts'
import type { Lookup } from '../env/references.ts'
import { type PodGroup, WAITING } from '../resources/enforcement.ts'
import { findProgram } from '../runtimes/find-program.ts'
import type { ContainerStart, StartedContainer } from '../runtimes/runtime.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { ProcessEnd } from '../spawner/spawner-client.ts'
import { withTerminal } from '../streams/terminal.ts'
import type { AgentParts } from './agent-parts.ts'
import { groupNameOf } from './pod-resources.ts'
import { argvOf } from './roles.ts'
import { runAs } from './run-as.ts'
import { hostnameOf, nodeFacts, type Place, referencesOf } from './surroundings.ts'

export type StartResult =
  | ({ readonly kind: 'started'; readonly runtime: string } & StartedContainer)
  /** It cannot start as it is: counts as a life that ended. */
  | { readonly kind: 'failed'; readonly message: string }
  /** Something that it refers to is missing: worth another try. */
  | { readonly kind: 'misconfigured'; readonly message: string; readonly lookup: Lookup }

export async function startContainer(
  parts: AgentParts,
  pod: Pod,
  container: Container,
  life: number,
  place: Place,
  onExit: (end: ProcessEnd) => void,
): Promise<StartResult> {
  const { sandbox } = place
  const inner = await insideOf(parts, pod, container, sandbox)
  if ('problems' in inner) return { kind: 'misconfigured', message: inner.problems, lookup: inner.lookup }
  const { env, cwd } = inner
  const known = (name: string): string | undefined => (Object.hasOwn(env, name) ? env[name] : undefined)
  const argv = argvOf(container).map(word => expand(word, known))
  const problem = programProblem(argv, env, cwd, sandbox.root)
  if (problem) return { kind: 'failed', message: problem }
  const uid = pod.metadata.uid ?? ''
  const slot = place.slot
  delete place.slot
  const start: ContainerStart = {
    id: `${uid}/${container.name}/${life}`,
    folder: parts.folders.lifeFolder(uid, container.name, life),
    ...(container.tty && container.stdin
      ? withTerminal([...inner.as, ...argv], env)
      : { argv: [...inner.as, ...argv], env }),
    cwd,
    sandbox,
    slot,
    ...(container.stdin && { stdin: container.stdinOnce ? ('once' as const) : ('open' as const) }),
  }
  parts.folders.clearFor(uid, container.name, life)
  try {
    return await startBy(parts, start, place.group, { container, life }, onExit)
  } catch (error) {
    return { kind: 'failed', message: (error as Error).message }
  }
}

/** What a process of the container finds: its variables and its folder, and as whom it runs. */
export interface Inside {
  /** Put before its command. */
  readonly as: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

export async function insideOf(
  parts: AgentParts,
  pod: Pod,
  container: Container,
  sandbox: Sandbox,
): Promise<Inside | { readonly problems: string; readonly lookup: Lookup }> {
  const lookup = await referencesOf(parts, pod, container)
  const env = containerEnv(pod, container, {
    node: nodeFacts(parts, sandbox),
    lookup,
    apiHost: sandbox.apiHost,
    apiPort: parts.apiPort,
    services: linksServices(pod) ? parts.servicesIn(pod.metadata.namespace ?? '') : [],
    root: sandbox.root,
    hostname: hostnameOf(pod),
    base: parts.baseEnv,
  })
  if (!env.ok) return { problems: env.problems.map(({ what }) => what).join('; '), lookup }
  // A user namespace knows one user only.
  const as = parts.isolation === 'mount' ? [] : runAs(pod, container)
  if (as.length === 0) return { as, env: env.value, cwd: container.workingDir || sandbox.root }
  // Whoever is somebody else can neither enter the pod's own folder nor that user's home.
  const HOME = env.value.HOME === parts.baseEnv.HOME ? '/' : (env.value.HOME ?? '/')
  return { as, env: { ...env.value, HOME }, cwd: container.workingDir || '/' }
}

async function startBy(
  parts: AgentParts,
  start: ContainerStart,
  podGroup: PodGroup,
  { container, life }: { readonly container: Container; readonly life: number },
  onExit: (end: ProcessEnd) => void,
): Promise<StartResult> {
  const runtime = parts.runtimes.find(each => each.canRun(start))
  if (!runtime) return { kind: 'failed', message: 'no runtime of this node can start it' }
  const isWarm = runtime.name === 'warm'
  if (!isWarm) void start.slot?.discard()
  const group = podGroup.container(isWarm ? WAITING : groupNameOf(container.name, life))
  group.bound(container)
  const bounded = isWarm ? start : { ...start, joins: group.joins }
  return { kind: 'started', runtime: runtime.name, ...(await runtime.start(bounded, onExit)) }
}

/** Why it cannot be started, in the words that people know from container runtimes. */
export function programProblem(
  [program = '']: readonly string[],
  { PATH = '' }: Readonly<Record<string, string>>,
  cwd: string,
  root: string,
): string | undefined {
  const isFolder = [cwd, root + cwd].some(folder => statSync(folder, { throwIfNoEntry: false })?.isDirectory())
  if (!isFolder) return `workingDir ${cwd} is no directory on this machine`
  const found = findProgram(program, PATH, cwd, root)
  return 'problem' in found ? found.problem : undefined
}

const linksServices = ({ spec }: Pod): boolean =>
  (spec as { readonly enableServiceLinks?: boolean }).enableServiceLinks !== false
