/**
 * Whether a history of concurrent clients can be told as one after the other: every operation takes effect at one moment between its call and
 * its answer, and one without an answer at any moment after its call, or never (Wing and Gong's search with Lowe's memory, as Porcupine does it).
 * One history an object; a state is the token that the object holds, `undefined` where there is none. Tokens are never written twice.
 */
export type Token = string | undefined

export type Attempt =
  | { readonly kind: 'read' }
  | { readonly kind: 'create' | 'put'; readonly token: string }
  /** An update that holds only as long as the object holds `expected` (said by its resourceVersion). */
  | { readonly kind: 'swap'; readonly expected: string; readonly token: string }
  | { readonly kind: 'delete' }

export type Answer =
  | { readonly kind: 'ok'; readonly token?: Token }
  | { readonly kind: 'exists' | 'absent' | 'conflict' }
  /** The connection broke. */
  | { readonly kind: 'none' }

export interface Call {
  readonly attempt: Attempt
  readonly answer: Answer
  readonly calledAt: number
  /** Infinity without an answer. */
  readonly answeredAt: number
}

/** What an operation does to a state, and what it is answered. */
function effect(attempt: Attempt, state: Token): { readonly answer: Answer['kind']; readonly next: Token } {
  switch (attempt.kind) {
    case 'read':
      return { answer: 'ok', next: state }
    case 'create':
      return state === undefined ? { answer: 'ok', next: attempt.token } : { answer: 'exists', next: state }
    case 'put':
      return state === undefined ? { answer: 'absent', next: state } : { answer: 'ok', next: attempt.token }
    case 'swap':
      if (state === undefined) return { answer: 'absent', next: state }
      return state === attempt.expected ? { answer: 'ok', next: attempt.token } : { answer: 'conflict', next: state }
    case 'delete':
      return state === undefined ? { answer: 'absent', next: state } : { answer: 'ok', next: undefined }
  }
}

/** The state behind `call`, or `false` where it cannot have been answered so in `state`. */
function step({ attempt, answer }: Call, state: Token): { readonly next: Token } | false {
  const { answer: due, next } = effect(attempt, state)
  if (answer.kind === 'none') return { next }
  if (answer.kind !== due) return false
  return attempt.kind === 'read' && answer.kind === 'ok' && answer.token !== state ? false : { next }
}

export function isLinearizable(history: readonly Call[]): boolean {
  const calls = [...history].sort((a, b) => a.calledAt - b.calledAt)
  const done = new Array<boolean>(calls.length).fill(false)
  const seen = new Set<string>()
  // A stack of its own: histories are longer than the engine's is deep.
  const path: { readonly index: number; readonly before: Token }[] = []
  let state: Token
  let from = 0
  for (;;) {
    const index = nextCandidate(calls, done, from)
    if (index === 'finished') return true
    if (index !== undefined) {
      const stepped = step(calls[index]!, state)
      from = index + 1
      if (!stepped) continue
      done[index] = true
      const key = `${stepped.next} ${keyOf(done)}`
      if (seen.has(key)) {
        done[index] = false
        continue
      }
      seen.add(key)
      path.push({ index, before: state })
      state = stepped.next
      from = 0
      continue
    }
    const last = path.pop()
    if (last === undefined) return false
    done[last.index] = false
    state = last.before
    from = last.index + 1
  }
}

/** The first operation at or behind `from` that may be the next one: called before any that is not done was answered. */
function nextCandidate(
  calls: readonly Call[],
  done: readonly boolean[],
  from: number,
): number | undefined | 'finished' {
  let firstAnswer = Number.POSITIVE_INFINITY
  for (let i = 0; i < calls.length; i++) {
    const call = calls[i]!
    if (call.calledAt > firstAnswer) break
    if (!done[i]) firstAnswer = Math.min(firstAnswer, call.answeredAt)
  }
  // Only those without an answer are left: they need not have happened.
  if (firstAnswer === Number.POSITIVE_INFINITY && calls.every((call, i) => done[i] || call.answer.kind === 'none')) {
    return 'finished'
  }
  for (let i = from; i < calls.length && calls[i]!.calledAt <= firstAnswer; i++) if (!done[i]) return i
  return undefined
}

/** Which are done: all up to the first that is not, and a few behind it. */
function keyOf(done: readonly boolean[]): string {
  const first = done.indexOf(false)
  if (first < 0) return 'all'
  let last = done.length - 1
  while (!done[last]) last--
  let bits = ''
  for (let i = first; i <= last; i++) bits += done[i] ? '1' : '0'
  return `${first}:${bits}`
}
