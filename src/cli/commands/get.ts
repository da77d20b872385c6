/** `solvent get`: tables as the server prints them, objects as YAML or JSON, and changes as they come. */
import { collectionPath, objectPath } from '../../client/paths.ts'
import { ApiError, isApiError, type Status } from '../../kube/status.ts'
import { type Chosen, chosenFrom, fetchChosen } from '../chosen.ts'
import type { Invocation } from '../command.ts'
import { EXIT, usageError } from '../exit.ts'
import { alignedLine, stateColour, type Table, type TableOptions, tableText, widthsOf } from '../render/table.ts'
import { qualifiedName } from '../resources.ts'
import { openTarget, type Target } from '../target.ts'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
/** kubectl's page: a long list comes in pieces, so that no answer is huge. */
const PAGE = 500

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags } = invocation
  const target = await openTarget(invocation)
  const chosen = await chosenFrom(target, args, flags)
  const format = flags.text('output')
  if (flags.on('watch')) {
    if (chosen.length !== 1 || (chosen[0]?.names.length ?? 0) > 1) throw usageError('--watch shows one type at a time')
    if (format && format !== 'wide') throw usageError(`--watch shows a table, not ${format}`)
  }
  if (format && format !== 'wide') return printObjects(invocation, target, chosen, format)
  return printTables(invocation, target, chosen)
}

async function printObjects(
  { flags, terminal }: Invocation,
  target: Target,
  chosen: readonly Chosen[],
  format: string,
): Promise<number> {
  const found = (
    await Promise.all(
      chosen.map(async each => (await fetchChosen(target, each, flags)).map(object => ({ object, kind: each.kind }))),
    )
  ).flat()
  if (format === 'name') {
    for (const { object, kind } of found) terminal.print(qualifiedName(kind, object.metadata.name ?? ''))
    return EXIT.ok
  }
  const { formatted, listOf, shown } = await import('../render/objects.ts')
  const single = chosen.length === 1 && chosen[0]!.names.length === 1
  if (single && found.length === 0) return EXIT.ok
  const value = single ? shown(found[0]!.object) : listOf(found.map(({ object }) => shown(object)))
  await terminal.write(await formatted(value, format))
  return EXIT.ok
}

async function printTables(invocation: Invocation, target: Target, chosen: readonly Chosen[]): Promise<number> {
  const { flags, terminal } = invocation
  const options: TableOptions = {
    wide: flags.text('output') === 'wide',
    namespaces: flags.on('all-namespaces'),
    labels: flags.on('show-labels'),
  }
  const missing: string[] = []
  const onMissing = (error: ApiError): void => void missing.push(error.message)
  const parts = await Promise.all(
    chosen.map(async each => ({ each, tables: await tablesOf(target, each, invocation, onMissing) })),
  )
  for (const message of missing) terminal.note(`${terminal.noteStyle.red('error:')} ${message}`)
  const filled = parts.filter(({ tables }) => tables.some(({ rows = [] }) => rows.length > 0))
  if (filled.length === 0 && !flags.on('watch')) {
    if (missing.length > 0) return EXIT.error
    const where = flags.on('all-namespaces') ? '' : ` in ${target.namespace} namespace`
    const named = chosen.some(({ kind }) => kind.namespaced) ? where : ''
    if (!flags.on('ignore-not-found')) terminal.note(`No resources found${named}.`)
    return EXIT.ok
  }
  const colour = stateColour(terminal.style)
  let widths: readonly number[] = []
  for (const [i, { each, tables }] of filled.entries()) {
    const prefix = chosen.length > 1 ? qualifiedName(each.kind, '') : ''
    const merged = { ...tables[0]!, rows: tables.flatMap(({ rows = [] }) => rows) }
    const rows = tableText(merged, { ...options, prefix })
    widths = widthsOf(rows)
    if (i > 0) terminal.print('')
    for (const row of flags.on('no-headers') ? rows.slice(1) : rows) terminal.print(alignedLine(row, widths, colour))
  }
  if (flags.on('watch')) await watch(invocation, target, chosen[0]!, options, widths, tablesVersion(parts[0]!.tables))
  return missing.length > 0 ? EXIT.error : EXIT.ok
}

const tablesVersion = (tables: readonly Table[]): string | undefined => tables.at(-1)?.metadata?.resourceVersion

/** One table of a list, by pages; or one of each name. What is not there is told beside what is. */
async function tablesOf(
  target: Target,
  chosen: Chosen,
  { flags }: Invocation,
  onMissing: (error: ApiError) => void,
): Promise<readonly Table[]> {
  const { transport } = target.api
  const { kind, namespace, names } = chosen
  if (names.length > 0 && !flags.on('watch')) {
    const tables = await Promise.all(
      names.map(name =>
        transport.json<Table>({ path: objectPath(kind, namespace, name), accept: TABLE }).catch(error => {
          if (!isApiError(error, 'NotFound')) throw error
          if (!flags.on('ignore-not-found')) onMissing(error)
          return undefined
        }),
      ),
    )
    return tables.filter(table => table !== undefined).map(asTable)
  }
  const tables: Table[] = []
  let next: string | undefined
  do {
    const query = { ...selectorsOf(chosen, { flags }), limit: PAGE, continue: next }
    const table = asTable(await transport.json<Table>({ path: collectionPath(kind, namespace), query, accept: TABLE }))
    tables.push(table)
    next = table.metadata?.continue
  } while (next)
  return tables
}

function selectorsOf({ names }: Chosen, { flags }: Pick<Invocation, 'flags'>) {
  const fields = [flags.text('field-selector'), names[0] ? `metadata.name=${names[0]}` : undefined]
  return { labelSelector: flags.text('selector'), fieldSelector: fields.filter(Boolean).join(',') }
}

/** A server that prints no tables answers with the objects: their names are shown. */
function asTable(answer: Table & { readonly items?: readonly NamedObject[] } & Partial<NamedObject>): Table {
  if (answer.kind === 'Table') return answer
  const objects = answer.items ?? [answer as NamedObject]
  return {
    kind: 'Table',
    metadata: answer.metadata,
    columnDefinitions: [{ name: 'Name' }, { name: 'Created At' }],
    rows: objects.map(object => ({
      cells: [object.metadata.name, object.metadata.creationTimestamp],
      object: object as NonNullable<Table['rows']>[number]['object'],
    })),
  }
}

interface NamedObject {
  readonly metadata: { readonly name?: string; readonly creationTimestamp?: string }
}

/** Rows as they change, from the version of the list on. A watch that the server ends is taken up again. */
async function watch(
  invocation: Invocation,
  target: Target,
  chosen: Chosen,
  options: TableOptions,
  firstWidths: readonly number[],
  from: string | undefined,
): Promise<void> {
  const { linesOf } = await import('../../client/lines.ts')
  const { flags, terminal } = invocation
  const path = collectionPath(chosen.kind, chosen.namespace)
  const colour = stateColour(terminal.style)
  let widths = firstWidths
  let version = from
  let columns: Table['columnDefinitions'] = []
  for (;;) {
    const query = {
      ...selectorsOf(chosen, { flags }),
      watch: true,
      resourceVersion: version,
      allowWatchBookmarks: true,
    }
    for await (const line of linesOf(target.api.transport.bytes({ path, query, accept: TABLE }))) {
      if (line === '') continue
      const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: Table }
      if (type === 'ERROR') throw new ApiError(object as unknown as Status)
      const table = asTable(object)
      version = table.metadata?.resourceVersion ?? table.rows?.[0]?.object?.metadata.resourceVersion ?? version
      if (type === 'BOOKMARK') continue
      // Only the first event of a watch carries the titles of the columns.
      if (table.columnDefinitions?.length > 0) columns = table.columnDefinitions
      const [head, ...rows] = tableText({ ...table, columnDefinitions: columns }, options)
      const untold = widths.length === 0
      widths = widthsOf([head!, ...rows], widths)
      if (untold && !flags.on('no-headers')) terminal.print(alignedLine(head!, widths))
      for (const row of rows) terminal.print(alignedLine(row, widths, colour))
    }
  }
}
