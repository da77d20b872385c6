/**
 * What a controller decided to do, as values: decisions are pure functions that return a list of these, `perform.ts` is the only place
 * that turns them into calls. A settled state gives no actions.
 */
import type { KubeObject, ObjectRef } from '../../kube/object.ts'
import { refOf } from '../../kube/object.ts'

/** What an Event says of a creation or an end, for controllers that have words of their own. */
export interface Words {
  readonly done: string
  /** Why follows. */
  readonly failed: string
}

export type Action =
  /** `about`: whose Event tells of it (SuccessfulCreate, FailedCreate). */
  | { readonly kind: 'create'; readonly object: KubeObject; readonly about?: KubeObject; readonly words?: Words }
  /** Server-side apply under our field manager. `about`: whose Event tells when another manager claims a field. */
  | {
      readonly kind: 'apply'
      readonly object: KubeObject
      readonly about: KubeObject
      /** Takes fields that others claim. */
      readonly force?: boolean
      /** Another field manager than ours. */
      readonly manager?: string
    }
  /** The whole object with its resourceVersion: a Conflict, not a lost write, if somebody was faster. */
  | { readonly kind: 'update'; readonly object: KubeObject }
  | { readonly kind: 'update-status'; readonly object: KubeObject }
  | { readonly kind: 'finalize-namespace'; readonly object: KubeObject }
  | {
      readonly kind: 'patch'
      readonly ref: ObjectRef
      readonly type: 'merge' | 'strategic'
      readonly patch: unknown
      readonly subresource?: 'status' | 'scale' | 'resize'
    }
  | {
      readonly kind: 'delete'
      readonly ref: ObjectRef
      /** Only this object, never a later one of its name. */
      readonly uid: string | undefined
      readonly policy?: 'Background' | 'Foreground' | 'Orphan'
      readonly graceSeconds?: number
      readonly about?: KubeObject
      readonly words?: Words
    }
  | {
      readonly kind: 'event'
      readonly about: KubeObject
      readonly type: 'Normal' | 'Warning'
      readonly reason: string
      readonly message: string
    }
  /** Look again after a while, since time alone will change the decision. */
  | { readonly kind: 'wake'; readonly afterMs: number }

export const create = (object: KubeObject, about?: KubeObject): Action =>
  about ? { kind: 'create', object, about } : { kind: 'create', object }

export const apply = (object: KubeObject, about: KubeObject): Action => ({ kind: 'apply', object, about })

export const updateStatus = <T extends KubeObject & { readonly status?: unknown }>(
  object: T,
  status: T['status'],
): Action => ({ kind: 'update-status', object: { ...object, status } as KubeObject })

export const remove = (object: KubeObject, options: Omit<DeleteAction, 'kind' | 'ref' | 'uid'> = {}): Action => ({
  kind: 'delete',
  ref: refOf(object),
  uid: object.metadata.uid,
  ...options,
})
type DeleteAction = Extract<Action, { kind: 'delete' }>

export const normal = (about: KubeObject, reason: string, message: string): Action => ({
  kind: 'event',
  about,
  type: 'Normal',
  reason,
  message,
})

export const warning = (about: KubeObject, reason: string, message: string): Action => ({
  kind: 'event',
  about,
  type: 'Warning',
  reason,
  message,
})

/** A timer knows 24 days at most: what is farther away is looked at once a day. */
const DAY_MS = 86_400_000

export const wake = (afterMs: number): Action => ({ kind: 'wake', afterMs: Math.min(DAY_MS, Math.max(0, afterMs)) })

/** Takes one finalizer off and leaves those of others alone, whatever they do meanwhile. */
export const dropFinalizer = (object: KubeObject, finalizer: string): Action => ({
  kind: 'patch',
  ref: refOf(object),
  type: 'strategic',
  patch: { metadata: { uid: object.metadata.uid, '$deleteFromPrimitiveList/finalizers': [finalizer] } },
})
