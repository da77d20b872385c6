/** `pods`, `po`, `pod/a`, `deploy.apps`, `jobs,pods`, `all`: what a person types for kinds and objects, resolved as kubectl does. */
import { nearest } from '../base/did-you-mean.ts'
import type { HttpApi } from '../client/http-api.ts'
import { apiVersionOf, BUILT_IN_KINDS, type KindInfo } from '../kube/kinds.ts'
import type { ObjectRef } from '../kube/object.ts'
import { EXIT, Exit, usageError } from './exit.ts'

/** A kind, and which of its objects: all when `names` is empty. */
export interface Selection {
  readonly kind: KindInfo
  readonly names: readonly string[]
}

/** Arguments as `TYPE[,TYPE…] [NAME …]` or `TYPE/NAME …`. */
export async function selectionsFrom(api: HttpApi, args: readonly string[]): Promise<readonly Selection[]> {
  const [first, ...rest] = args
  if (first === undefined) throw usageError('say what: a type such as pods, or TYPE/NAME')
  if (!first.includes('/')) {
    const slashed = rest.find(arg => arg.includes('/'))
    if (slashed) throw usageError(`"${slashed}" names its type too: use either TYPE NAME ... or TYPE/NAME ...`)
    const kinds = (
      await Promise.all(
        first
          .split(',')
          .filter(Boolean)
          .map(word => kindsFor(api, word)),
      )
    ).flat()
    return kinds.map(kind => ({ kind, names: rest }))
  }
  const selections: { readonly kind: KindInfo; readonly names: string[] }[] = []
  for (const arg of args) {
    const [word, name, ...more] = arg.split('/')
    if (!word || !name || more.length > 0) throw usageError(`"${arg}" is not of the form TYPE/NAME`)
    const kind = await kindFor(api, word)
    const same = selections.find(each => each.kind.plural === kind.plural && each.kind.group === kind.group)
    if (same) same.names.push(name)
    else selections.push({ kind, names: [name] })
  }
  return selections
}

async function kindsFor(api: HttpApi, word: string): Promise<readonly KindInfo[]> {
  const category = word.toLowerCase()
  if (category !== 'all' && category !== 'solvent') return [await kindFor(api, word)]
  const all = (await api.discovery.all()).filter(kind => kind.categories.includes(category)).filter(isFirstVersion)
  return all.length > 0 ? all : [await kindFor(api, word)]
}

/** Versions of one kind come in the server's order of preference. */
const isFirstVersion = ({ group, plural }: KindInfo, i: number, all: readonly KindInfo[]): boolean =>
  all.findIndex(kind => kind.group === group && kind.plural === plural) === i

/** The kind that `word` names: plural, singular, short name or kind, `.group` or `.version.group` after it. */
export async function kindFor(api: HttpApi, word: string): Promise<KindInfo> {
  const known = findKind(word, BUILT_IN_KINDS)
  if (known) return known
  const served = await api.discovery.all()
  const found = findKind(word, served)
  if (found) return found
  const near = nearest(word, namesOf(served))
  throw new Exit(
    EXIT.error,
    `the server has no resource type "${word}".${near ? ` Did you mean "${near}"?` : ' solvent get --help shows how types are named.'}`,
  )
}

function findKind(word: string, kinds: readonly KindInfo[]): KindInfo | undefined {
  const [name, ...suffix] = word.toLowerCase().split('.')
  const matches = (kind: KindInfo): boolean =>
    (kind.plural === name || kind.singular === name || kind.shortNames.includes(name!)) &&
    (suffix.length === 0 ||
      kind.group === suffix.join('.') ||
      (kind.version === suffix[0] && kind.group === suffix.slice(1).join('.')))
  return kinds.find(matches)
}

const namesOf = (kinds: readonly KindInfo[]): readonly string[] =>
  kinds.flatMap(({ plural, singular }) => [plural, singular])

/** `pod/a`, `batchjob.solvent.dev/a`: how kubectl names objects in its answers. */
export const qualifiedName = (kind: Pick<KindInfo, 'group' | 'singular'>, name: string): string =>
  `${kind.singular}${kind.group ? `.${kind.group}` : ''}/${name}`

export const refFor = (kind: KindInfo, namespace: string, name: string): ObjectRef => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  ...(kind.namespaced ? { namespace } : {}),
  name,
})
