/** How an object that `run` waits for came to its end, as an exit code and a sentence. A table by kind; what has no end is done at once. */
import type { Pod } from '../../kube/core.ts'
import type { Condition, UnknownObject } from '../../kube/object.ts'
import { API_VERSION, type BatchJob } from '../../spec/kinds.ts'
import { EXIT } from '../exit.ts'
import { placeText } from '../render/places.ts'

export interface Ending {
  readonly code: number
  /** Empty for what ended well. */
  readonly problem?: string
}

const DONE: Ending = { code: EXIT.ok }

type EndOf = (object: UnknownObject) => Ending | undefined

const ENDS: Readonly<Record<string, EndOf>> = {
  [`${API_VERSION} BatchJob`]: object => batchEnd(object as unknown as BatchJob),
  [`${API_VERSION} TrainingJob`]: object => jobEnd(object),
  [`${API_VERSION} Server`]: object => availableEnd(object),
  'batch/v1 Job': object => jobEnd(object),
  'apps/v1 Deployment': object => availableEnd(object),
  'v1 Pod': object => podEnd(object as unknown as Pod),
}

export const hasEnd = ({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): boolean =>
  `${apiVersion} ${kind}` in ENDS

/** Undefined while it goes on. */
export const endingOf = (object: UnknownObject): Ending | undefined =>
  (ENDS[`${object.apiVersion} ${object.kind}`] ?? (() => DONE))(object)

function condition(object: UnknownObject, type: string): Condition | undefined {
  const { conditions = [] } = (object.status ?? {}) as { readonly conditions?: readonly Condition[] }
  return conditions.find(each => each.type === type && each.status === 'True')
}

/** What the user's code did is 4; what the declaration says that cannot be is 2, as if it had been found before. */
const FAILED_CODES: Readonly<Record<string, number>> = {
  UserError: EXIT.userCode,
  Invalid: EXIT.usage,
  InvalidSpec: EXIT.usage,
  InvalidInput: EXIT.usage,
  PlanFailed: EXIT.usage,
  Unschedulable: EXIT.notPlaceable,
}

function jobEnd(object: UnknownObject): Ending | undefined {
  if (condition(object, 'Complete')) return DONE
  const failed = condition(object, 'Failed')
  if (!failed) return undefined
  const { reason = 'Failed', message = '' } = failed
  return { code: FAILED_CODES[reason] ?? EXIT.userCode, problem: [reason, message].filter(Boolean).join(': ') }
}

function batchEnd(job: BatchJob): Ending | undefined {
  const object = job as unknown as UnknownObject
  const end = jobEnd(object)
  if (!end || end.code === EXIT.ok) return end
  const { failure } = job.status ?? {}
  const reason = condition(object, 'Failed')?.reason ?? ''
  if (!failure) return { ...end, code: FAILED_CODES[reason] ?? EXIT.error }
  const lines = [
    failure.message,
    ...(failure.place ? [`  at ${placeText(failure.place)}`] : []),
    ...(failure.record ? [`  on ${placeText(failure.record)}`] : []),
  ]
  return { code: EXIT.userCode, problem: lines.join('\n') }
}

function availableEnd(object: UnknownObject): Ending | undefined {
  const failed = condition(object, 'Failed')
  if (failed) return { code: FAILED_CODES[failed.reason ?? ''] ?? EXIT.error, problem: failed.message ?? 'failed' }
  const status = (object.status ?? {}) as { readonly phase?: string; readonly observedGeneration?: number }
  const stale = (status.observedGeneration ?? 0) < (object.metadata.generation ?? 0)
  if (stale) return undefined
  return status.phase === 'Available' || condition(object, 'Available') ? DONE : undefined
}

function podEnd({ status }: Pod): Ending | undefined {
  if (status?.phase === 'Succeeded') return DONE
  if (status?.phase !== 'Failed') return undefined
  const ended = status.containerStatuses?.find(({ state }) => state?.terminated?.exitCode)?.state?.terminated
  return { code: EXIT.userCode, problem: status.message ?? `exit code ${ended?.exitCode ?? '?'}` }
}
