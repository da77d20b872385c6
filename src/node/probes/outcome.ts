/** What came of one try of a probe or a hook, in the kubelet's words (pkg/probe). */
export type Outcome =
  | { readonly kind: 'success' }
  /** It counts as a success, and people are told. */
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'failure'; readonly message: string }
  /** It could not even be tried: counts as nothing. */
  | { readonly kind: 'unknown'; readonly message: string }

export const SUCCESS: Outcome = { kind: 'success' }
export const failure = (message: string): Outcome => ({ kind: 'failure', message })

/** Go's words for what a system call answered. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'read: connection reset by peer',
  ETIMEDOUT: 'i/o timeout',
}

export const wordsFor = (error: Error): string => WORDS[(error as NodeJS.ErrnoException).code ?? ''] ?? error.message
