/** `solvent diff`: what apply would change, by a server-side dry run. Exit code 0 nothing, 1 something, above 1 an error. */

import { FIELD_MANAGER } from '../../kube/names.ts'
import { type KubeObject, refOf, type UnknownObject } from '../../kube/object.ts'
import { isApiError } from '../../kube/status.ts'
import { hasOperator } from '../apply.ts'
import type { Invocation } from '../command.ts'
import { compiledFor } from '../compiled.ts'
import { declaredIn, type Item } from '../declared.ts'
import { EXIT, Exit } from '../exit.ts'
import { toYaml } from '../render/objects.ts'
import { unifiedDiff } from '../render/unified-diff.ts'
import { sourcesFrom } from '../sources.ts'
import { openTarget, type Target } from '../target.ts'

const DIFFERS = 1
const FAILED = 2

export async function run(invocation: Invocation): Promise<number> {
  try {
    return await diff(invocation)
  } catch (error) {
    // 1 is an answer here, so no error may have it.
    if (error instanceof Exit) throw new Exit(Math.max(FAILED, error.code), error.message)
    const refused = isApiError(error) ? `from the server (${error.reason ?? error.code}): ` : ''
    throw new Exit(FAILED, `${refused}${(error as Error).message}`)
  }
}

async function diff(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const target = await openTarget(invocation)
  const items = await declaredIn(sourcesFrom(flags, args), {
    namespace: target.namespace,
    insist: flags.has('namespace'),
  })
  let differs = false
  for (const item of items) {
    for (const object of await objectsOf(target, item)) {
      const { kind, metadata } = object
      const live = await liveState(target, object)
      const force = flags.on('force-conflicts')
      const after = await target.api.apply(object, { fieldManager: FIELD_MANAGER, dryRun: true, force })
      const name = [metadata.namespace, kind.toLowerCase(), metadata.name].filter(Boolean).join('.')
      const lines = unifiedDiff(live ? await toYaml(compared(live)) : '', await toYaml(compared(after)), name)
      if (lines.length > 0) differs = true
      for (const line of lines) terminal.print(coloured(line, terminal.style))
    }
  }
  return differs ? DIFFERS : EXIT.ok
}

function coloured(line: string, style: Invocation['terminal']['style']): string {
  if (/^(---|\+\+\+) /.test(line)) return style.bold(line)
  if (line.startsWith('@@')) return style.cyan(line)
  return line.startsWith('-') ? style.red(line) : line.startsWith('+') ? style.green(line) : line
}

/** What would be applied. On a cluster without our controller that is the compiled form. */
async function objectsOf(target: Target, item: Item): Promise<readonly KubeObject[]> {
  if (item.kind === 'object') {
    const { namespaced } = await target.api.discovery.kind(item.object.apiVersion, item.object.kind)
    const namespace = namespaced ? { namespace: target.namespace } : {}
    return [{ ...item.object, metadata: { ...namespace, ...item.object.metadata } }]
  }
  if (await hasOperator(target)) return [...(item.code ? [item.code] : []), item.declaration]
  return compiledFor(target, item)
}

async function liveState({ api }: Target, object: KubeObject): Promise<UnknownObject | undefined> {
  return api.get(refOf(object)).catch(error => {
    if (isApiError(error, 'NotFound')) return undefined
    throw error
  })
}

/** Without what the server keeps for itself, and without status, which no declaration changes. */
function compared({ metadata, status: _s, ...rest }: UnknownObject): object {
  const { managedFields: _m, resourceVersion: _r, generation: _g, uid: _u, creationTimestamp: _c, ...kept } = metadata
  const { apiVersion, kind, ...body } = rest
  return { apiVersion, kind, metadata: kept, ...body }
}
