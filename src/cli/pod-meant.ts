/** The one pod that `POD` or `TYPE/NAME` means, and which of its containers, as kubectl chooses them. */
import type { HttpApi } from '../client/http-api.ts'
import type { Pod } from '../kube/core.ts'
import type { UnknownObject } from '../kube/object.ts'
import { EXIT, Exit } from './exit.ts'
import { podSelectorOf } from './owned-pods.ts'
import { containersOf } from './pod-logs.ts'
import { kindFor, refFor } from './resources.ts'
import type { Target } from './target.ts'
import type { Terminal } from './terminal.ts'

export interface Meant {
  readonly pod: Pod
  /** What was named, where that is not the pod itself. */
  readonly owner?: UnknownObject
}

export async function podMeant({ api, namespace }: Pick<Target, 'api' | 'namespace'>, word: string): Promise<Meant> {
  const [type, name] = word.includes('/') ? (word.split('/', 2) as [string, string]) : ['pod', word]
  const kind = await kindFor(api, type)
  const object = await api.get(refFor(kind, namespace, name))
  if (kind.kind === 'Pod' && kind.group === '') return { pod: object as unknown as Pod }
  const labelSelector = podSelectorOf(object)
  if (!labelSelector) throw new Exit(EXIT.error, `${kind.plural} have no pods`)
  return { pod: await bestPod(api, namespace, labelSelector, word), owner: object }
}

/** One that runs, the newest of them. */
async function bestPod(api: HttpApi, namespace: string, labelSelector: string, word: string): Promise<Pod> {
  const { items } = await api.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace }, { labelSelector })
  const isRunning = ({ status }: Pod): number => (status?.phase === 'Running' ? 1 : 0)
  const born = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp ?? '') || 0
  const [best] = [...items].sort((a, b) => isRunning(b) - isRunning(a) || born(b) - born(a))
  if (!best) throw new Exit(EXIT.error, `${word} has no pods yet`)
  return best
}

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'

export function containerMeant(pod: Pod, asked: string | undefined, terminal: Terminal): string {
  const all = containersOf(pod)
  if (asked !== undefined) {
    if (all.includes(asked)) return asked
    throw new Exit(EXIT.error, `pod ${pod.metadata.name} has no container "${asked}", only ${all.join(', ')}`)
  }
  const annotated = pod.metadata.annotations?.[DEFAULT_CONTAINER]
  if (annotated !== undefined && all.includes(annotated)) return annotated
  const [first] = pod.spec.containers
  const name = first?.name ?? ''
  if (pod.spec.containers.length > 1) terminal.note(`Defaulted container "${name}" out of: ${all.join(', ')}`)
  return name
}

/** Nothing runs in it any more, or yet: said before a server says it less clearly. */
export function refuseEnded({ metadata, status }: Pod, what: string): void {
  const phase = status?.phase
  if (phase !== 'Succeeded' && phase !== 'Failed') return
  throw new Exit(EXIT.error, `cannot ${what} pod ${metadata.name}: it has ended (${phase})`)
}
