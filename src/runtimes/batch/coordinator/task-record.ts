/** One task as the coordinator sees it, and the rules of trying again. */
import { MAX_ATTEMPTS } from '../protocol.ts'

export interface TaskRecord {
  readonly index: number
  readonly bytes: number
  done: boolean
  /** Attempts so far; the next one's number. */
  attempts: number
  /** Those of them that count: after four the job fails. */
  failures: number
  /** No attempt before this time. */
  notBefore: number
  /** Worker -> when it started, and how far it is. */
  readonly running: Map<string, { since: number; bytesDone: number }>
}

export const newTask = (index: number, bytes: number): TaskRecord => ({
  index,
  bytes,
  done: false,
  attempts: 0,
  failures: 0,
  notBefore: 0,
  running: new Map(),
})

export const isWaiting = (task: TaskRecord): boolean => !task.done && task.running.size === 0

const FIRST_BACKOFF_MS = 250

/** 0.25 s, 0.5 s, 1 s: a full disk or a lost volume may be mended by then. */
export const backoffMs = (failures: number): number => FIRST_BACKOFF_MS * 2 ** (failures - 1)

export const isExhausted = (task: TaskRecord): boolean => task.failures >= MAX_ATTEMPTS
