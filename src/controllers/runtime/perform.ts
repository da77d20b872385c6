/**
 * Turns actions into calls: the only file of this room that writes to the API (events apart, which `client/events.ts` writes). Actions run in
 * order; neighbours of one kind run at once. What a call returns goes into the caches, so that the next decision sees its own writes.
 * Refusals are thrown: the key comes back and is decided anew on a newer view.
 */
import { type Clock, formatTime } from '../../base/clock.ts'
import { unreachable } from '../../base/invariant.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import type { KubeObject } from '../../kube/object.ts'
import { ApiError, isApiError } from '../../kube/status.ts'
import type { Action } from './action.ts'
import type { Informers } from './informers.ts'

export interface Performer {
  /** Milliseconds after which to look again, when an action asked for it. */
  perform(actions: readonly Action[]): Promise<number | undefined>
}

export interface PerformerOptions {
  readonly api: KubeApi
  readonly clock: Clock
  readonly informers: Informers
  readonly events: EventRecorder
}

export function createPerformer({ api, clock, informers, events }: PerformerOptions): Performer {
  async function write(action: Action): Promise<void> {
    switch (action.kind) {
      case 'create':
        return await createOne(action)
      case 'apply':
        return await applyOne(action)
      case 'update':
        return informers.assume(await api.update(action.object))
      case 'update-status':
        return informers.assume(await api.update(action.object, { subresource: 'status' }))
      case 'finalize-namespace':
        return informers.assume(await api.update(action.object, { subresource: 'finalize' }))
      case 'patch': {
        const { ref, type, patch, subresource } = action
        return await unlessGone(async () =>
          informers.assume(await api.patch(ref, type, patch, { fieldManager: FIELD_MANAGER, subresource })),
        )
      }
      case 'delete':
        return await unlessGone(() => deleteOne(action))
      case 'event':
        return events.event(action.about, action.type, action.reason, action.message)
      case 'wake':
        return
      default:
        unreachable(action)
    }
  }

  async function createOne({ object, about, words }: Extract<Action, { kind: 'create' }>): Promise<void> {
    try {
      const made = await api.create(object)
      informers.assume(made)
      if (about)
        events.event(
          about,
          'Normal',
          'SuccessfulCreate',
          words?.done ?? `Created ${word(object.kind, about)} ${made.metadata.name}`,
        )
    } catch (error) {
      if (about && !isApiError(error, 'AlreadyExists')) {
        const what = about.kind === 'CronJob' ? ' job' : ''
        const failed = words?.failed ?? `Error creating${what}`
        events.event(about, 'Warning', 'FailedCreate', `${failed}: ${(error as Error).message}`)
      }
      throw error
    }
  }

  async function applyOne({
    object,
    about,
    force,
    manager = FIELD_MANAGER,
  }: Extract<Action, { kind: 'apply' }>): Promise<void> {
    try {
      informers.assume(await api.apply(object, { fieldManager: manager, ...(force ? { force } : {}) }))
    } catch (error) {
      if (error instanceof ApiError && error.reason !== 'NotFound') {
        const what = `${object.kind} ${object.metadata.name}`
        events.event(about, 'Warning', 'ApplyFailed', `${what} cannot be applied: ${error.message}`)
      }
      throw error
    }
  }

  async function deleteOne(action: Extract<Action, { kind: 'delete' }>): Promise<void> {
    const { ref, uid, policy, graceSeconds, about, words } = action
    await api.delete(ref, {
      propagationPolicy: policy ?? 'Background',
      ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
      ...(uid ? { preconditions: { uid } } : {}),
    })
    informers.assumeDeleting(ref, uid, formatTime(clock.now()))
    if (about === undefined) return
    const done = words?.done ?? `Deleted ${word(ref.kind, about)} ${ref.name}`
    events.event(about, 'Normal', 'SuccessfulDelete', done)
  }

  return {
    async perform(actions) {
      let refusal: unknown
      for (const group of neighbours(actions)) {
        const failed = await inBatches(group, write)
        // What cannot be made (a quota, a name that is taken) must not keep the rest from being counted; any other step rests on the one before.
        if (failed && group[0]!.kind !== 'create') throw failed.reason
        refusal ??= failed?.reason
      }
      if (refusal !== undefined) throw refusal
      const waits = actions.flatMap(action => (action.kind === 'wake' ? [action.afterMs] : []))
      return waits.length === 0 ? undefined : Math.min(...waits)
    },
  }
}

/** What a delete or a last patch was after is reached when the object is no longer there. */
async function unlessGone(call: () => Promise<void>): Promise<void> {
  try {
    await call()
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error
  }
}

/** Upstream's controllers put a colon after the kind, the CronJob controller does not. */
const word = (kind: string, about: KubeObject): string => `${kind.toLowerCase()}${about.kind === 'CronJob' ? '' : ':'}`

/** Kinds whose calls do not depend on one another; the others keep their order strictly. */
const AT_ONCE: ReadonlySet<Action['kind']> = new Set(['create', 'delete', 'patch', 'event', 'wake'])

function neighbours(actions: readonly Action[]): readonly (readonly Action[])[] {
  const groups: Action[][] = []
  for (const action of actions) {
    const last = groups.at(-1)
    if (last && last[0]!.kind === action.kind && AT_ONCE.has(action.kind)) last.push(action)
    else groups.push([action])
  }
  return groups
}

/**
 * 1, 2, 4, … calls at once, ending at the first batch with a failure: when the first of a thousand creations is refused for a reason that
 * holds for all (a quota, a terminating namespace), it is asked once, not a thousand times (controller_utils.go, slowStartBatch).
 */
async function inBatches(
  actions: readonly Action[],
  write: (action: Action) => Promise<void>,
): Promise<PromiseRejectedResult | undefined> {
  for (let start = 0, size = 1; start < actions.length; start += size, size *= 2) {
    const results = await Promise.allSettled(actions.slice(start, start + size).map(write))
    const failed = results.find(result => result.status === 'rejected')
    if (failed) return failed
  }
  return undefined
}
