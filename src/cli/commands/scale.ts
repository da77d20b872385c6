/** `solvent scale`: so many copies. Of a Server it changes the declaration, of everything else the `scale` that Kubernetes has for it. */
import { FIELD_MANAGER } from '../../kube/names.ts'
import { refOf, type UnknownObject } from '../../kube/object.ts'
import { API_VERSION, type Server } from '../../spec/kinds.ts'
import { chosenFrom, fetchChosen } from '../chosen.ts'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { qualifiedName } from '../resources.ts'
import { openTarget, type Target } from '../target.ts'

const MANAGER = 'solvent-scale'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const replicas = flags.count('replicas')
  if (replicas === undefined) throw usageError('say how many: --replicas=NUMBER')
  if (replicas < 0) throw usageError('--replicas is at least 0')
  const target = await openTarget(invocation)
  for (const chosen of await chosenFrom(target, args, flags)) {
    if (chosen.names.length === 0 && !flags.has('selector') && !flags.on('all')) {
      throw usageError('say which: names, a selector (-l) or --all')
    }
    for (const object of await fetchChosen(target, chosen, flags)) {
      const called = qualifiedName(chosen.kind, object.metadata.name ?? '')
      checkCurrent(object, called, flags.count('current-replicas'))
      await scale(target, object, called, replicas)
      terminal.print(flags.text('output') === 'name' ? called : `${called} scaled`)
    }
  }
  return EXIT.ok
}

function checkCurrent({ spec }: UnknownObject, called: string, wanted: number | undefined): void {
  if (wanted === undefined) return
  const found = (spec as { readonly replicas?: number | { readonly min?: number } })?.replicas
  const current = typeof found === 'number' ? found : (found?.min ?? 1)
  if (current !== wanted) throw new Exit(EXIT.error, `Expected replicas of ${called} to be ${wanted}, was ${current}`)
}

async function scale({ api }: Target, object: UnknownObject, called: string, replicas: number): Promise<void> {
  if (object.apiVersion !== API_VERSION || object.kind !== 'Server') {
    await api.patch(refOf(object), 'merge', { spec: { replicas } }, { subresource: 'scale', fieldManager: MANAGER })
    return
  }
  const { min = 1, max = Math.max(min, 1) } = (object as unknown as Server).spec.replicas ?? {}
  if (max > min) {
    throw new Exit(
      EXIT.error,
      `the copies of ${called} follow its load, between ${min} and ${max}.\nTo fix their number, write replicas: ${replicas} in its declaration and apply it.`,
    )
  }
  const { apiVersion, kind, metadata, spec } = object
  const { name, namespace, labels, annotations } = metadata
  const changed = { ...(spec as object), replicas: { min: replicas, max: replicas } }
  // The whole declaration, as `apply` does it: the next apply of the file then has nobody to conflict with.
  const declared = { apiVersion, kind, metadata: { name, namespace, labels, annotations }, spec: changed }
  await api.apply(declared, { fieldManager: FIELD_MANAGER, force: true })
}
