/** `solvent logs`: of a pod, of all pods of a job or another owner, or of those that a selector matches. */
import type { LogOptions } from '../../client/kube-api.ts'
import type { Pod } from '../../kube/core.ts'
import { refOf, type UnknownObject } from '../../kube/object.ts'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { isFinished } from '../finished.ts'
import { statesOf } from '../object-states.ts'
import { podSelectorOf } from '../owned-pods.ts'
import { containerLines, containersOf, followPods, type LogLine, type PodSelector } from '../pod-logs.ts'
import { prefixPainter } from '../render/prefix.ts'
import { kindFor, refFor } from '../resources.ts'
import { openTarget, type Target } from '../target.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { flags } = invocation
  const target = await openTarget(invocation)
  const { selector, owner } = await podsMeant(target, invocation)
  const since = flags.has('since') ? Math.ceil(flags.seconds('since', 0)) : undefined
  const tail = flags.count('tail')
  const limitBytes = flags.count('limit-bytes')
  if (since && flags.has('since-time')) throw usageError('give --since or --since-time, not both')
  const options: LogOptions = {
    container: flags.text('container'),
    previous: flags.on('previous'),
    timestamps: flags.on('timestamps'),
    ...(tail !== undefined && tail >= 0 ? { tailLines: tail } : {}),
    ...(since ? { sinceSeconds: since } : {}),
    ...(flags.has('since-time') ? { sinceTime: flags.text('since-time') } : {}),
    ...(limitBytes ? { limitBytes } : {}),
  }
  return flags.on('follow')
    ? follow(invocation, target, selector, owner, options)
    : printOnce(invocation, target, selector, options)
}

interface Meant {
  readonly selector: PodSelector
  /** The object that ends when its pods end. */
  readonly owner?: UnknownObject
}

async function podsMeant({ api, namespace }: Target, { args, flags }: Invocation): Promise<Meant> {
  if (flags.has('selector')) {
    if (args.length > 0) throw usageError('name a pod or give a selector, not both')
    return { selector: { namespace, labelSelector: flags.text('selector') } }
  }
  const [first, second] = args
  if (first === undefined) throw usageError('say whose: POD, TYPE/NAME or -l QUERY')
  const [type, name] = first.includes('/') ? (first.split('/') as [string, string]) : ['pod', first]
  if (second !== undefined && (flags.has('container') || args.length > 2)) {
    throw usageError('logs shows one pod or one TYPE/NAME; for several use -l QUERY')
  }
  const kind = await kindFor(api, type)
  const object = await api.get(refFor(kind, namespace, name))
  if (kind.kind === 'Pod' && kind.group === '') {
    return { selector: { namespace, fieldSelector: `metadata.name=${name}` }, owner: object }
  }
  const labelSelector = podSelectorOf(object)
  if (!labelSelector) throw new Exit(EXIT.error, `${kind.plural} have no pods, so no logs`)
  return { selector: { namespace, labelSelector }, owner: object }
}

async function printOnce(
  { terminal, flags }: Invocation,
  { api }: Target,
  { namespace, labelSelector, fieldSelector }: PodSelector,
  options: LogOptions,
): Promise<number> {
  const { items } = await api.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace }, { labelSelector, fieldSelector })
  const streams = items.flatMap(pod =>
    containersOf(pod)
      .filter(name => !options.container || name === options.container)
      .map(container => ({ pod, container })),
  )
  if (streams.length === 0) {
    throw new Exit(EXIT.error, options.container ? `no container "${options.container}" here` : 'no pods yet')
  }
  const paint = prefixPainter(terminal.style, flags.on('prefix') || streams.length > 1)
  for (const { pod, container } of streams) {
    for await (const line of containerLines(api, pod, container, options)) await terminal.write(`${paint(line)}\n`)
  }
  return EXIT.ok
}

async function follow(
  { terminal, flags }: Invocation,
  { api }: Target,
  selector: PodSelector,
  owner: UnknownObject | undefined,
  options: LogOptions,
): Promise<number> {
  const ended = new AbortController()
  const several = owner?.kind !== 'Pod' || containersOf(owner as unknown as Pod).length > 1
  const paint = prefixPainter(terminal.style, flags.on('prefix') || several)
  const emit = (line: LogLine): void => terminal.print(paint(line))
  const watching = owner ? untilFinished(api, owner, ended) : Promise.resolve()
  await Promise.all([watching, followPods(api, selector, options, ended.signal, emit)])
  return EXIT.ok
}

/** Aborts `ended` once the owner has ended or is gone. */
async function untilFinished(api: Target['api'], owner: UnknownObject, ended: AbortController): Promise<void> {
  for await (const state of statesOf(api, refOf(owner), ended.signal)) {
    if (!state || isFinished(state)) return ended.abort()
  }
}
