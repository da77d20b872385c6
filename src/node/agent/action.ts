/** What may be due for a pod. */
import type { Container } from '../../kube/core.ts'

export type Action =
  /** Get a sandbox and fill the volumes. */
  | { readonly kind: 'prepare' }
  | { readonly kind: 'start'; readonly container: Container }
  /** It is on its way out from now on: its preStop hook first. */
  | { readonly kind: 'stop'; readonly container: string; readonly graceMs: number; readonly message: string }
  | { readonly kind: 'signal'; readonly container: string; readonly signal: 'SIGTERM' | 'SIGKILL' }
  /** Nothing of it runs any more, and all of it begins anew: because of how this one ended. */
  | { readonly kind: 'start-over'; readonly because: Container }
  /** Give the sandbox back. */
  | { readonly kind: 'release' }
  /** Its deadline is over. */
  | { readonly kind: 'expire' }
  /** Nothing of it is left here: the API may forget it. */
  | { readonly kind: 'remove' }
  /** Ask again at that time, unless something changes before. */
  | { readonly kind: 'wake'; readonly atMs: number }
