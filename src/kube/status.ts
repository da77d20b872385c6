/** Kubernetes' way to say no: the `Status` object, and the error that carries it through our code (apimachinery's api/errors). */

export type StatusReason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'UnsupportedMediaType'
  | 'RequestEntityTooLarge'
  | 'TooManyRequests'
  | 'InternalError'
  | 'ServiceUnavailable'
  | 'InsufficientStorage'
  | 'Timeout'

export interface StatusCause {
  /** `FieldValueInvalid`, `FieldValueRequired`, `FieldManagerConflict`, `ResourceVersionTooLarge`, … */
  readonly reason?: string
  readonly message: string
  readonly field?: string
}

export interface Status {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: { readonly continue?: string; readonly resourceVersion?: string }
  readonly status: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: StatusReason
  readonly code: number
  readonly details?: {
    readonly name?: string
    readonly group?: string
    readonly kind?: string
    readonly uid?: string
    readonly causes?: readonly StatusCause[]
    readonly retryAfterSeconds?: number
  }
}

const CODES: Record<StatusReason, number> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  InsufficientStorage: 507,
}

/** The one error that a `KubeApi` throws for an answer that is not a success. */
export class ApiError extends Error {
  readonly status: Status
  constructor(status: Status) {
    super(status.message ?? status.reason ?? `HTTP ${status.code}`)
    this.name = 'ApiError'
    this.status = status
  }
  get reason(): StatusReason | undefined {
    return this.status.reason
  }
  get code(): number {
    return this.status.code
  }
}

export function apiError(
  reason: StatusReason,
  message: string,
  details?: Status['details'],
  metadata: Status['metadata'] = {},
): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata,
    status: 'Failure',
    message,
    reason,
    code: CODES[reason],
    ...(details ? { details } : {}),
  })
}

/** Several reasons in one text, as Go's aggregated errors print: each once, in brackets where there is more than one. */
export function aggregateText(texts: readonly string[]): string {
  const once = [...new Set(texts)]
  return once.length === 1 ? once.join() : `[${once.join(', ')}]`
}

export const isApiError = (error: unknown, ...reasons: readonly StatusReason[]): error is ApiError =>
  error instanceof ApiError && (reasons.length === 0 || (error.reason !== undefined && reasons.includes(error.reason)))
