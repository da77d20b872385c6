/** `solvent delete`: asks the server to delete, and stays until it is done. */
import { isApiError } from '../../kube/status.ts'
import { chosenFrom, fetchChosen, refsOf } from '../chosen.ts'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import type { Flags } from '../flags.ts'
import { qualifiedName } from '../resources.ts'
import { openTarget } from '../target.ts'
import { goalFrom, waitFor } from './wait.ts'

const CASCADE = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const target = await openTarget(invocation)
  const chosen = await chosenFrom(target, args, flags)
  const dryRun = flags.has('dry-run') && flags.text('dry-run') !== 'none' ? flags.text('dry-run') : undefined
  const options = {
    gracePeriodSeconds: gracePeriod(flags),
    propagationPolicy: CASCADE[(flags.text('cascade') ?? 'background') as keyof typeof CASCADE],
    dryRun: dryRun === 'server',
  }
  const gone: { readonly kind: (typeof chosen)[number]['kind']; readonly namespace?: string; readonly name: string }[] =
    []
  let missing = 0
  for (const each of chosen) {
    if (each.names.length === 0 && !flags.has('selector') && !flags.on('all')) {
      throw usageError('say which: names, a selector (-l) or --all')
    }
    const refs =
      each.names.length > 0
        ? refsOf(each)
        : (await fetchChosen(target, each, flags)).flatMap(({ metadata }) =>
            refsOf({ ...each, namespace: metadata.namespace, names: [metadata.name ?? ''] }),
          )
    for (const ref of refs) {
      try {
        if (dryRun === 'client') await target.api.get(ref)
        else await target.api.delete(ref, options)
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error
        if (!flags.on('ignore-not-found')) {
          missing++
          terminal.note(`${terminal.noteStyle.red('error:')} ${error.message}`)
        }
        continue
      }
      gone.push({ kind: each.kind, namespace: ref.namespace, name: ref.name })
      const name = flags.text('output') === 'name'
      const told = dryRun ? ` (${dryRun} dry run)` : ''
      terminal.print(
        name
          ? qualifiedName(each.kind, ref.name)
          : `${qualifiedName(each.kind, ref.name).replace('/', ' "')}" deleted${told}`,
      )
    }
  }
  if (!dryRun && flags.text('wait') !== 'false') {
    const stop = new AbortController()
    const seconds = flags.seconds('timeout', Number.POSITIVE_INFINITY)
    const timer = Number.isFinite(seconds) ? setTimeout(() => stop.abort(), seconds * 1000) : undefined
    const waits = gone.map(item =>
      waitFor(target.api, { ...item, namespace: item.namespace }, goalFrom('delete'), stop.signal),
    )
    const done = await Promise.all(waits)
    clearTimeout(timer)
    if (done.includes(false)) throw new Exit(EXIT.timeout, `timed out after ${seconds} s waiting for the deletion`)
  }
  return missing > 0 ? EXIT.error : EXIT.ok
}

function gracePeriod(flags: Flags): number | undefined {
  if (flags.on('now')) return 1
  const seconds = flags.count('grace-period')
  if (flags.on('force')) return seconds ?? 0
  if (seconds === 0) throw usageError('--grace-period=0 needs --force: the pod is not asked to end, it is killed')
  return seconds === undefined || seconds < 0 ? undefined : seconds
}
