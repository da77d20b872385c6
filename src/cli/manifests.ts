/** Names of the objects in files, for commands that only look them up (`get -f`, `delete -f`): read as YAML, not checked. */
import type { ObjectRef } from '../kube/object.ts'
import { EXIT, Exit } from './exit.ts'
import type { Source } from './sources.ts'

interface Named {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: { readonly name?: string; readonly namespace?: string }
  readonly items?: readonly Named[]
}

export async function refsFrom(sources: readonly Source[]): Promise<readonly ObjectRef[]> {
  const { parseAllDocuments } = await import('yaml')
  return sources.flatMap(({ file, text }) =>
    parseAllDocuments(text).flatMap(document => {
      const [error] = document.errors ?? []
      if (error) throw new Exit(EXIT.usage, `${file}: ${error.message}`)
      const value = document.toJS() as Named | null
      if (value === null) return []
      return (value.kind?.endsWith('List') && value.items ? value.items : [value]).map(each =>
        refOfManifest(each, file),
      )
    }),
  )
}

function refOfManifest({ apiVersion, kind, metadata }: Named, file: string): ObjectRef {
  if (!apiVersion || !kind || !metadata?.name) {
    throw new Exit(EXIT.usage, `${file} holds something without apiVersion, kind and metadata.name`)
  }
  return { apiVersion, kind, ...(metadata.namespace ? { namespace: metadata.namespace } : {}), name: metadata.name }
}
