/** What a text declares: our declarations in the stored form, and plain Kubernetes objects as they are. */
import type { SourcePlace } from '../../base/problem.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { Declaration } from '../kinds.ts'

/** Where a field of the document was written, or the nearest thing around it: for what is found out later about it. */
export type Locate = (field: string) => SourcePlace

export type Document =
  | { readonly kind: 'declaration'; readonly declaration: Declaration; readonly locate: Locate }
  | { readonly kind: 'object'; readonly object: UnknownObject; readonly locate: Locate }
