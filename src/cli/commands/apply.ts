/** `solvent apply`: files to the cluster, by server-side apply as manager `solvent`. */
import type { Applied } from '../apply.ts'
import { applyItem } from '../apply-item.ts'
import type { Invocation } from '../command.ts'
import { declaredIn, type Item } from '../declared.ts'
import { EXIT } from '../exit.ts'
import { formatted, listOf, shown, toYaml } from '../render/objects.ts'
import { qualifiedName } from '../resources.ts'
import { sourcesFrom } from '../sources.ts'
import { openOrStart, type Target } from '../target.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const sources = sourcesFrom(flags, args)
  const how = flags.text('dry-run') ?? 'none'
  const format = flags.text('output') ?? 'text'
  const namespace = flags.text('namespace')
  if (how === 'client') {
    const items = await declaredIn(sources, { namespace: namespace ?? 'default', insist: namespace !== undefined })
    return printDry(invocation, items, format)
  }
  const target = await openOrStart(invocation)
  const items = await declaredIn(sources, { namespace: target.namespace, insist: namespace !== undefined })
  const done: Applied[] = []
  for (const item of items) {
    for (const applied of await applyItem(target, item, {
      dryRun: how === 'server',
      force: flags.on('force-conflicts'),
    })) {
      done.push(applied)
      if (format === 'text' || format === 'name') {
        terminal.print(await told(target, applied, format, how === 'server' ? ' (server dry run)' : ''))
      }
    }
  }
  if (format === 'json' || format === 'yaml') {
    const objects = done.map(({ object }) => shown(object))
    await terminal.write(await formatted(objects.length === 1 ? objects[0] : listOf(objects), format))
  }
  return EXIT.ok
}

async function told({ api }: Target, { object, outcome }: Applied, format: string, suffix: string): Promise<string> {
  const name = qualifiedName(await api.discovery.kind(object.apiVersion, object.kind), object.metadata.name ?? '')
  return format === 'name' ? name : `${name} ${outcome}${suffix}`
}

async function printDry({ terminal }: Invocation, items: readonly Item[], format: string): Promise<number> {
  const objects = items.flatMap(item =>
    item.kind === 'object' ? [item.object] : [...(item.code ? [item.code] : []), item.declaration],
  )
  if (format === 'json')
    await terminal.write(await formatted(objects.length === 1 ? objects[0] : listOf(objects), format))
  else if (format === 'yaml') await terminal.write((await Promise.all(objects.map(toYaml))).join('---\n'))
  else {
    for (const { apiVersion, kind, metadata } of objects) {
      const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : ''
      const name = qualifiedName({ group, singular: kind.toLowerCase() }, metadata.name ?? '')
      terminal.print(format === 'name' ? name : `${name} created (client dry run)`)
    }
  }
  return EXIT.ok
}
