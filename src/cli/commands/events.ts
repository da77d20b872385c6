/** `solvent events`: what happened, oldest first, and what goes on to happen. */
import type { Event } from '../../kube/core.ts'
import type { Invocation } from '../command.ts'
import { EXIT, usageError } from '../exit.ts'
import { byTime, EVENT_TITLES, eventRow } from '../render/events.ts'
import { alignedLine, widthsOf } from '../render/table.ts'
import { selectionsFrom } from '../resources.ts'
import { openTarget, type Target } from '../target.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  if (args.length > 0) throw usageError(`events takes no arguments; events of one object: --for ${args[0]}`)
  const target = await openTarget(invocation)
  const everywhere = flags.on('all-namespaces')
  const collection = { apiVersion: 'v1', kind: 'Event', namespace: everywhere ? undefined : target.namespace }
  const fieldSelector = await selectorFor(target, flags.text('for'))
  const wanted = flags
    .text('types')
    ?.split(',')
    .map(type => type.toLowerCase())
  const isWanted = (event: Event): boolean => !wanted || wanted.includes((event.type ?? '').toLowerCase())
  const row = (event: Event): readonly string[] => [
    ...(everywhere ? [event.metadata.namespace ?? ''] : []),
    ...eventRow(event, Date.now()),
  ]

  const list = await target.api.list<Event>(collection, { fieldSelector })
  const found = byTime(list.items.filter(isWanted))
  const titles = [...(everywhere ? ['NAMESPACE'] : []), ...EVENT_TITLES]
  const rows = [titles, ...found.map(row)]
  let widths = widthsOf(rows)
  const paint = (cell: string): string => (cell === 'Warning' ? terminal.style.yellow(cell) : cell)
  if (found.length === 0 && !flags.on('watch')) {
    terminal.note(`No events found${everywhere ? '' : ` in ${target.namespace} namespace`}.`)
    return EXIT.ok
  }
  for (const each of rows) terminal.print(alignedLine(each, widths, paint))
  if (!flags.on('watch')) return EXIT.ok

  let { resourceVersion } = list.metadata
  for (;;) {
    for await (const { type, object } of target.api.watch<Event>(collection, { fieldSelector, resourceVersion })) {
      resourceVersion = object.metadata.resourceVersion ?? resourceVersion
      if (type === 'DELETED' || type === 'BOOKMARK' || !isWanted(object)) continue
      widths = widthsOf([row(object)], widths)
      terminal.print(alignedLine(row(object), widths, paint))
    }
  }
}

async function selectorFor(target: Target, what: string | undefined): Promise<string | undefined> {
  if (!what) return undefined
  const [selection] = await selectionsFrom(target.api, what.includes('/') ? [what] : what.split(/\s+/))
  const [name] = selection?.names ?? []
  if (!selection || !name) throw usageError(`--for takes TYPE/NAME, not "${what}"`)
  return `involvedObject.kind=${selection.kind.kind},involvedObject.name=${name}`
}
