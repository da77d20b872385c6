/** The objects that a command is about: by type and name, by type and selector, or by file. */
import { apiVersionOf, type KindInfo } from '../kube/kinds.ts'
import type { ObjectRef, UnknownObject } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'
import { usageError } from './exit.ts'
import type { Flags } from './flags.ts'
import { type Selection, selectionsFrom } from './resources.ts'
import type { Target } from './target.ts'

export interface Chosen {
  readonly kind: KindInfo
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined
  /** Empty: all that the selectors match. */
  readonly names: readonly string[]
}

export async function chosenFrom(target: Target, args: readonly string[], flags: Flags): Promise<readonly Chosen[]> {
  if (flags.has('filename')) {
    if (args.length > 0) throw usageError('name objects either by file or by type, not both')
    return chosenByFile(target, flags)
  }
  const everywhere = flags.on('all-namespaces')
  const selections = await selectionsFrom(target.api, args)
  if (everywhere && selections.some(({ names }) => names.length > 0)) {
    throw usageError('a name lies in one namespace: leave out --all-namespaces or the name')
  }
  const selective = flags.has('selector') || flags.has('field-selector') || flags.on('all')
  if (selective && selections.some(({ names }) => names.length > 0)) {
    throw usageError('names, selectors and --all exclude one another')
  }
  const namespace = everywhere ? undefined : target.namespace
  return selections.map((selection: Selection) => ({ ...selection, namespace }))
}

async function chosenByFile({ api, namespace }: Target, flags: Flags): Promise<readonly Chosen[]> {
  const [{ sourcesFrom }, { refsFrom }] = await Promise.all([import('./sources.ts'), import('./manifests.ts')])
  const refs = await refsFrom(sourcesFrom(flags))
  return Promise.all(
    refs.map(async ref => ({
      kind: await api.discovery.kind(ref.apiVersion, ref.kind),
      namespace: ref.namespace ?? namespace,
      names: [ref.name],
    })),
  )
}

export const refsOf = ({ kind, namespace, names }: Chosen): readonly ObjectRef[] =>
  names.map(name => ({
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    ...(kind.namespaced && namespace ? { namespace } : {}),
    name,
  }))

/** The chosen objects themselves, in order. Missing ones throw, or are left out where that was asked for. */
export async function fetchChosen(target: Target, chosen: Chosen, flags: Flags): Promise<readonly UnknownObject[]> {
  const { api } = target
  const { kind, namespace } = chosen
  if (chosen.names.length === 0) {
    const collection = { apiVersion: apiVersionOf(kind), kind: kind.kind, namespace }
    const selectors = { labelSelector: flags.text('selector'), fieldSelector: flags.text('field-selector') }
    return (await api.list(collection, selectors)).items
  }
  const found = await Promise.all(
    refsOf(chosen).map(ref =>
      api.get(ref).catch(error => {
        if (flags.on('ignore-not-found') && isApiError(error, 'NotFound')) return undefined
        throw error
      }),
    ),
  )
  return found.filter(object => object !== undefined)
}
