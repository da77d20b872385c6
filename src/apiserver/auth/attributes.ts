/** What is asked for, as authorization sees it (apiserver's authorizer.Attributes). */

export interface ResourceAttributes {
  readonly kind: 'resource'
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource?: string
  /** Absent at the cluster scope. */
  readonly namespace?: string
  readonly name?: string
}

export type Attributes = ResourceAttributes | { readonly kind: 'path'; readonly verb: string; readonly path: string }
