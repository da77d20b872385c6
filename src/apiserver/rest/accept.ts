/** Which form of an answer the client wants (`Accept`): the object, a Table, metadata alone; and which form of discovery. */
import { noSuchForm, notAcceptable } from '../resource/refusals.ts'

export type Form =
  | { readonly kind: 'object' }
  | { readonly kind: 'table'; readonly version: string }
  | { readonly kind: 'metadata'; readonly version: string; readonly isList: boolean }
  | { readonly kind: 'discovery'; readonly version: string }

interface MediaRange {
  readonly type: string
  readonly parameters: Readonly<Record<string, string>>
}

function parse(accept: string): readonly MediaRange[] {
  return accept.split(',').flatMap(text => {
    const [type = '', ...pairs] = text.split(';').map(part => part.trim())
    const parameters = Object.fromEntries(pairs.map(pair => pair.split('=', 2).map(part => part.trim())))
    return type === '' || parameters.q === '0' ? [] : [{ type: type.toLowerCase(), parameters }]
  })
}

const OFFERED = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const STREAMED = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']
const JSON_RANGES = new Set(['application/json', '*/*'])
const OBJECT: Form = { kind: 'object' }

/** The first range that we can serve, in the client's order. */
export function formOf(accept: string | undefined, isWatch = false): Form {
  if (!accept) return OBJECT
  const ranges = parse(accept).filter(({ type }) => JSON_RANGES.has(type))
  for (const { parameters } of ranges) {
    const form = parameters.as === undefined ? OBJECT : transformed(parameters)
    if (form) return form
  }
  if (ranges.length > 0) throw noSuchForm(OFFERED)
  throw notAcceptable(isWatch ? [...OFFERED, ...STREAMED] : OFFERED)
}

function transformed({ as, g, v = '' }: Readonly<Record<string, string>>): Form | undefined {
  if (g === 'apidiscovery.k8s.io' && as === 'APIGroupDiscoveryList' && (v === 'v2' || v === 'v2beta1')) {
    return { kind: 'discovery', version: v }
  }
  if (g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) return undefined
  if (as === 'Table') return { kind: 'table', version: v }
  if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList')
    return { kind: 'metadata', version: v, isList: as === 'PartialObjectMetadataList' }
  return undefined
}
