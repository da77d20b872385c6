/** `solvent top`: what nodes, pods and their containers use now, as kubectl's top prints it. */
import type { PodMetrics } from '../../kube/autoscaling.ts'
import type { Node, ResourceList } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import { milliValue, wholeValue } from '../../kube/quantity.ts'
import { isApiError } from '../../kube/status.ts'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { alignedLine, widthsOf } from '../render/table.ts'
import { openTarget, type Target } from '../target.ts'

const METRICS = 'metrics.k8s.io/v1beta1'
const MEBI = 1024 * 1024

interface NodeMetrics extends KubeObject {
  readonly usage: ResourceList
}

interface Used {
  readonly milliCores: number
  readonly bytes: number
}

/** Cells, and what they are sorted by. */
interface Row {
  readonly cells: readonly string[]
  readonly used: Used
}

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const [what = 'pods', ...names] = args
  const isNodes = ['nodes', 'node', 'no'].includes(what)
  if (!isNodes && !['pods', 'pod', 'po'].includes(what)) {
    throw usageError(`top shows nodes or pods, not "${what}"`)
  }
  const target = await openTarget(invocation)
  const { titles, rows } = isNodes ? await nodeRows(target, flags) : await podRows(target, flags)
  const wanted = names.length === 0 ? rows : rows.filter(({ cells }) => cells.some(cell => names.includes(cell)))
  const missing = names.find(name => !wanted.some(({ cells }) => cells.includes(name)))
  if (missing) throw new Exit(EXIT.error, `no usage of ${isNodes ? 'node' : 'pod'} "${missing}" is known (yet)`)
  if (wanted.length === 0) {
    terminal.note(
      flags.on('all-namespaces') || isNodes
        ? 'No resources found'
        : `No resources found in ${target.namespace} namespace.`,
    )
    return EXIT.ok
  }
  const sorted = sortedRows(wanted, flags.text('sort-by'))
  const lines = [...(flags.on('no-headers') ? [] : [titles]), ...sorted.map(({ cells }) => cells)]
  const widths = widthsOf(lines)
  for (const line of lines) terminal.print(alignedLine(line, widths))
  return EXIT.ok
}

function sortedRows(rows: readonly Row[], by: string | undefined): readonly Row[] {
  if (by === 'cpu') return [...rows].sort((a, b) => b.used.milliCores - a.used.milliCores)
  if (by === 'memory') return [...rows].sort((a, b) => b.used.bytes - a.used.bytes)
  return rows
}

const usedOf = (usage: ResourceList): Used => ({
  milliCores: milliValue(usage.cpu ?? '0'),
  bytes: wholeValue(usage.memory ?? '0'),
})

const sum = (all: readonly Used[]): Used => ({
  milliCores: all.reduce((total, { milliCores }) => total + milliCores, 0),
  bytes: all.reduce((total, { bytes }) => total + bytes, 0),
})

const coresText = ({ milliCores }: Used): string => `${milliCores}m`
const memoryText = ({ bytes }: Used): string => `${Math.floor(bytes / MEBI)}Mi`

async function nodeRows({ api }: Target, flags: Invocation['flags']) {
  const labelSelector = flags.text('selector')
  const [nodes, metrics] = await Promise.all([
    api.list<Node>({ apiVersion: 'v1', kind: 'Node' }, { labelSelector }),
    fetched(api.list<NodeMetrics>({ apiVersion: METRICS, kind: 'NodeMetrics' }, { labelSelector })),
  ])
  const byName = new Map(metrics.items.map(each => [each.metadata.name, usedOf(each.usage)]))
  const rows = nodes.items.map(({ metadata, status }): Row => {
    const used = byName.get(metadata.name)
    const { cpu = '0', memory = '0' } = status?.allocatable ?? {}
    // As kubectl: a node that says nothing is shown all the same.
    if (!used)
      return { cells: [metadata.name ?? '', '<unknown>', '<unknown>', '<unknown>', '<unknown>'], used: sum([]) }
    const percents = [used.milliCores / milliValue(cpu), used.bytes / wholeValue(memory)].map(
      share => `${Math.floor(share * 100)}%`,
    )
    return { cells: [metadata.name ?? '', coresText(used), percents[0]!, memoryText(used), percents[1]!], used }
  })
  return { titles: ['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)'], rows }
}

async function podRows({ api, namespace }: Target, flags: Invocation['flags']) {
  const isEverywhere = flags.on('all-namespaces')
  const collection = { apiVersion: METRICS, kind: 'PodMetrics', namespace: isEverywhere ? undefined : namespace }
  const { items } = await fetched(api.list<PodMetrics>(collection, { labelSelector: flags.text('selector') }))
  const perContainer = flags.on('containers')
  const rows = items.flatMap(({ metadata, containers }): readonly Row[] => {
    const place = [...(isEverywhere ? [metadata.namespace ?? ''] : []), metadata.name ?? '']
    const each = containers.map(({ name, usage }) => ({ name, used: usedOf(usage) }))
    const cells = (used: Used, name: readonly string[]): Row => ({
      cells: [...place, ...name, coresText(used), memoryText(used)],
      used,
    })
    return perContainer
      ? each.map(({ name, used }) => cells(used, [name]))
      : [cells(sum(each.map(({ used }) => used)), [])]
  })
  const place = isEverywhere ? ['NAMESPACE'] : []
  const name = perContainer ? ['POD', 'NAME'] : ['NAME']
  return { titles: [...place, ...name, 'CPU(cores)', 'MEMORY(bytes)'], rows }
}

/** A real cluster may have nobody who measures. */
async function fetched<T>(list: Promise<T>): Promise<T> {
  try {
    return await list
  } catch (error) {
    if (!isApiError(error, 'NotFound', 'ServiceUnavailable')) throw error
    throw new Exit(EXIT.error, 'Metrics API not available: this cluster has no metrics-server (metrics.k8s.io).')
  }
}
