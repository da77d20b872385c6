/** Declarations of one file that would overwrite each other: each makes a Service of its own name. */
import type { Problem } from '../../base/problem.ts'
import type { Document } from './document.ts'

export function sameNames(documents: readonly Document[]): readonly Problem[] {
  const first = new Map<string, Document & { readonly kind: 'declaration' }>()
  return documents.flatMap((document): readonly Problem[] => {
    if (document.kind !== 'declaration') return []
    const { kind, metadata } = document.declaration
    const key = `${metadata.namespace ?? ''}/${metadata.name}`
    const other = first.get(key)
    if (!other) {
      first.set(key, document)
      return []
    }
    const { line } = other.locate('metadata.name')
    const why = `the ${other.declaration.kind} of line ${line} has that name, and each makes a Service of its name`
    const fix = `Write another name, such as ${metadata.name}-${kind === other.declaration.kind ? '2' : kind.toLowerCase()}`
    const what = `is ${JSON.stringify(metadata.name)}`
    return [{ place: document.locate('metadata.name'), field: 'metadata.name', what, why, fix }]
  })
}
