/** What a container's probes say of it. */
import type { Container } from '../../kube/core.ts'

export interface Health {
  /** Its startup probe has succeeded, or there is none. */
  readonly isStarted: boolean
  readonly isReady: boolean
  /** It failed this one so often that it must go. */
  readonly failed?: 'liveness' | 'startup'
}

export const hasProbes = ({ startupProbe, readinessProbe, livenessProbe }: Container): boolean =>
  startupProbe !== undefined || readinessProbe !== undefined || livenessProbe !== undefined

/** Of one that has just begun. */
export const firstHealth = ({ startupProbe, readinessProbe }: Container): Health => {
  const isStarted = startupProbe === undefined
  return { isStarted, isReady: isStarted && readinessProbe === undefined }
}
