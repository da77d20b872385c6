/** The answer to a strategic merge patch that makes no sense. */
import { type ApiError, apiError } from '../status.ts'

export const badPatch = (why: string): ApiError =>
  apiError('BadRequest', `the strategic merge patch is invalid: ${why}`)
