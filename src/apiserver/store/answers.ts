/** The store's ways to say no, in Kubernetes' words (apiserver's storage/errors.go). */
import { type ApiError, apiError } from '../../kube/status.ts'

/** What lies after this revision is no longer known: start again with a list. */
export const expired = (revision: number, oldest: number): ApiError =>
  apiError('Expired', `too old resource version: ${revision} (${oldest})`)

export const tooLarge = (revision: number, current: number): ApiError =>
  apiError('Timeout', `Too large resource version: ${revision}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

export const closed = (): ApiError => apiError('ServiceUnavailable', 'the store is closed')

const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG']

/** The answer to the writes that the disk refused. */
export function diskRefused(error: unknown): ApiError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  const why = error instanceof Error ? error.message : String(error)
  const answer = FULL.includes(code ?? '')
    ? apiError('InsufficientStorage', `the disk is full, nothing was changed: ${why}`)
    : apiError('InternalError', `the disk failed, nothing was changed: ${why}`)
  answer.cause = error
  return answer
}
