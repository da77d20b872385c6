/** What a document is: one of our kinds, a plain Kubernetes object, or neither, with what was probably meant. */
import { didYouMean, nearest } from '../../base/did-you-mean.ts'
import type { Problem } from '../../base/problem.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { flow, orList, show } from '../check/show.ts'
import { API_VERSION } from '../kinds.ts'
import { DECLARATION_KINDS, type DeclarationInfo, declarationInfo } from '../schema/kinds-table.ts'

export type Identity =
  | { readonly kind: 'declaration'; readonly info: DeclarationInfo }
  | { readonly kind: 'object'; readonly object: UnknownObject }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }

const OUR_KINDS = DECLARATION_KINDS.map(({ kind }) => kind)
const GROUP = `${API_VERSION.split('/')[0]}/`

/** Kinds of the design that this version does not have. */
const LATER = ['SparkJob', 'Queue']

export function identify(value: unknown): Identity {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return problems({
      field: '',
      what: `The document is ${show(value)}`,
      why: 'a declaration is a map of fields',
      fix: START,
    })
  }
  const { apiVersion, kind, metadata } = value as Readonly<Record<string, unknown>>
  const wrong = [...wrongApiVersion(apiVersion, kind), ...wrongKind(apiVersion, kind)]
  if (wrong.length > 0) return problems(...wrong)
  const info = apiVersion === API_VERSION ? declarationInfo(String(kind)) : undefined
  if (info) return { kind: 'declaration', info }
  const name = (metadata as { readonly name?: unknown; readonly generateName?: unknown } | undefined) ?? {}
  if (!isWord(name.name) && !isWord(name.generateName)) return problems(missing('metadata.name', 'name: my-name'))
  return { kind: 'object', object: value as UnknownObject }
}

const START = `Begin with apiVersion: ${API_VERSION} and kind: ${orList(OUR_KINDS)}.`

const problems = (...found: readonly Problem[]): Identity => ({ kind: 'problems', problems: found })

const isWord = (value: unknown): value is string => typeof value === 'string' && value !== ''

const missing = (field: string, example: string): Problem => ({ field, what: 'is missing', fix: `Add ${example}` })

const isOurs = (kind: unknown): boolean => isWord(kind) && declarationInfo(kind) !== undefined

function wrongApiVersion(apiVersion: unknown, kind: unknown): readonly Problem[] {
  const field = 'apiVersion'
  if (apiVersion === undefined || apiVersion === null) {
    return [missing(field, isOurs(kind) ? `apiVersion: ${API_VERSION}` : 'apiVersion: and the version of the kind')]
  }
  const what = `is ${show(apiVersion)}`
  if (!isWord(apiVersion)) return [{ field, what, why: 'it must be text', fix: `Write apiVersion: ${API_VERSION}` }]
  if (apiVersion === API_VERSION) return []
  if (apiVersion.startsWith(GROUP) || (isOurs(kind) && nearest(apiVersion, [API_VERSION]))) {
    return [{ field, what, why: `this version reads ${API_VERSION}`, fix: `Write apiVersion: ${API_VERSION}` }]
  }
  return []
}

function wrongKind(apiVersion: unknown, kind: unknown): readonly Problem[] {
  const field = 'kind'
  if (kind === undefined || kind === null) return [missing(field, `kind: ${OUR_KINDS[0]}`)]
  const what = `is ${show(kind)}`
  if (!isWord(kind)) return [{ field, what, why: 'it must be text', fix: `Write ${orList(OUR_KINDS.map(flow))}.` }]
  if (!String(apiVersion).startsWith(GROUP) || isOurs(kind)) return []
  if (LATER.includes(kind))
    return [{ field, what, why: 'this version has no such kind yet', fix: 'Leave the document out.' }]
  const why = `${API_VERSION} has the kinds ${OUR_KINDS.join(', ')}`
  return [{ field, what, why, fix: didYouMean(kind, OUR_KINDS) ?? `Write ${orList(OUR_KINDS)}.` }]
}
