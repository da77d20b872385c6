/** `solvent run`: plan, apply, stay until all that was declared has ended, show the result. */
import type { UnknownObject } from '../../kube/object.ts'
import { API_VERSION, type BatchJob } from '../../spec/kinds.ts'
import { applyItem } from '../apply-item.ts'
import { attach } from '../attach/attach.ts'
import { hasEnd } from '../attach/ending.ts'
import { resultLines } from '../attach/result.ts'
import type { Watched } from '../attach/watched.ts'
import type { Invocation } from '../command.ts'
import { declaredIn, type Item } from '../declared.ts'
import { EXIT } from '../exit.ts'
import { checkPlans } from '../planned.ts'
import { makeWay } from '../rerun.ts'
import { qualifiedName } from '../resources.ts'
import { sourcesFrom } from '../sources.ts'
import { openOrStart, type Target } from '../target.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const sources = sourcesFrom(flags, args)
  const namespace = flags.text('namespace')
  // Before a cluster is started for it: a wrong declaration starts nothing.
  const early = await declaredIn(sources, { namespace: namespace ?? 'default', insist: namespace !== undefined })
  const target = await openOrStart(invocation)
  const items =
    target.namespace === (namespace ?? 'default')
      ? early
      : await declaredIn(sources, { namespace: target.namespace, insist: namespace !== undefined })
  for (const line of await checkPlans(target, items)) terminal.note(terminal.noteStyle.dim(line))

  const objects: UnknownObject[] = []
  for (const item of items) {
    const running = await makeWay(target, item, terminal)
    const applied = running ? [] : await applyItem(target, item, { dryRun: false, force: false })
    objects.push(...(running ? [running] : applied.map(({ object }) => object)))
  }
  if (flags.on('detach')) return detach(invocation, target, items, objects)
  const waited = objects.filter(hasEnd)
  const timeoutSeconds = flags.seconds('timeout', Number.POSITIVE_INFINITY)
  const { left, watched } = await attach(waited, { api: target.api, terminal, timeoutSeconds, repeat: target.repeat })
  if (left.kind === 'detached') return sayDetached(invocation, target, watched)
  if (left.kind === 'timeout') return sayTimeout(invocation, target, watched, timeoutSeconds)
  return sayEndings(invocation, target, watched)
}

async function detach(
  { flags, terminal }: Invocation,
  target: Target,
  items: readonly Item[],
  objects: readonly UnknownObject[],
): Promise<number> {
  const code = new Set(items.flatMap(item => (item.kind === 'declaration' ? [item.code?.metadata.name] : [])))
  const shown = objects.filter(({ kind, metadata }) => kind !== 'ConfigMap' || !code.has(metadata.name))
  const format = flags.text('output') ?? 'name'
  if (format === 'json' || format === 'yaml') {
    const render = await import('../render/objects.ts')
    const plain = shown.map(render.shown)
    await terminal.write(await render.formatted(plain.length === 1 ? plain[0] : render.listOf(plain), format))
    return EXIT.ok
  }
  for (const object of shown) terminal.print(await nameOf(target, object))
  return EXIT.ok
}

const nameOf = async ({ api }: Target, { apiVersion, kind, metadata }: UnknownObject): Promise<string> =>
  qualifiedName(await api.discovery.kind(apiVersion, kind), metadata.name ?? '')

function comeBack(target: Target, { ref }: Watched): readonly string[] {
  const name = `${ref.kind.toLowerCase()}/${ref.name}`
  const where = `${ref.namespace && ref.namespace !== 'default' ? ` -n ${ref.namespace}` : ''}${target.repeat}`
  return [
    `  watch:  solvent get ${name} -w${where}`,
    `  logs:   solvent logs -f ${name}${where}`,
    `  stop:   solvent delete ${name}${where}`,
  ]
}

function sayDetached({ terminal }: Invocation, target: Target, watched: readonly Watched[]): number {
  for (const each of watched.filter(({ ending }) => !ending)) {
    terminal.note(`\n${each.ref.name} goes on without you.`)
    for (const line of comeBack(target, each)) terminal.note(line)
  }
  return EXIT.interrupted
}

function sayTimeout({ terminal }: Invocation, target: Target, watched: readonly Watched[], seconds: number): number {
  const late = watched.filter(({ ending }) => !ending)
  for (const each of late) {
    const why = each.waitsFor ? `: ${each.waitsFor.text}` : ''
    terminal.note(`${terminal.noteStyle.red('error:')} ${each.ref.name} has not ended after ${seconds} s${why}`)
    for (const line of comeBack(target, each)) terminal.note(line)
  }
  return late.some(({ waitsFor }) => waitsFor?.unschedulable) ? EXIT.notPlaceable : EXIT.timeout
}

async function sayEndings(
  { flags, terminal }: Invocation,
  target: Target,
  watched: readonly Watched[],
): Promise<number> {
  let code: number = EXIT.ok
  const format = flags.text('output') ?? 'text'
  for (const each of watched) {
    const { code: own, problem } = each.ending ?? { code: EXIT.error, problem: 'it was lost from sight' }
    // The first failure gives the exit code.
    if (code === EXIT.ok) code = own
    if (own !== EXIT.ok) terminal.note(`${terminal.noteStyle.red('error:')} ${each.ref.name} failed: ${problem}`)
    else if (format === 'text') {
      for (const line of await goodEnd(each)) terminal.print(line)
      if (stays(each)) for (const line of comeBack(target, each)) terminal.note(terminal.noteStyle.dim(line))
    }
  }
  if (format === 'name') for (const { ref } of watched) terminal.print(`${ref.kind.toLowerCase()}/${ref.name}`)
  if (format === 'json' || format === 'yaml') {
    const render = await import('../render/objects.ts')
    const states = watched.map(({ state }) => render.shown(state))
    await terminal.write(await render.formatted(states.length === 1 ? states[0] : render.listOf(states), format))
  }
  return code
}

/** It is there, and goes on. */
const stays = ({ ref: { apiVersion, kind } }: Watched): boolean =>
  apiVersion === API_VERSION ? kind === 'Server' : kind === 'Deployment'

async function goodEnd(each: Watched): Promise<readonly string[]> {
  if (each.isBatch) return resultLines(each.state as unknown as BatchJob, each.seconds)
  const { url } = (each.state.status ?? {}) as { readonly url?: string }
  const where = url === undefined ? '' : `: ${url}`
  return [
    `${each.ref.name} ${stays(each) ? 'is available after' : 'completed in'} ${each.seconds.toFixed(1)} s${where}`,
  ]
}
