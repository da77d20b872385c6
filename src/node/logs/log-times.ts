/**
 * When what was written: processes write their logs themselves, so no line carries its time. A look once a second notes how far a log had
 * come; a line's time is that of the first look that saw it. A container that lived for less than a second needs no note: its
 * log's last change is near enough. Pure.
 */
import type { Instant } from '../../base/clock.ts'

export interface Mark {
  readonly at: Instant
  /** Everything before this place was there. */
  readonly place: number
}

const MAX_MARKS = 1024

/** Appends a mark where the log has grown; when there are too many, every second one goes. */
export function addMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  if (mark.place <= (marks.at(-1)?.place ?? 0)) return marks
  const kept = marks.length < MAX_MARKS ? marks : marks.filter((_, i) => i % 2 === 1)
  return [...kept, mark]
}

/** `otherwise` is for what was written after the last look. */
export function timeOf(marks: readonly Mark[], place: number, otherwise: Instant): Instant {
  let [low, high] = [0, marks.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (marks[middle]!.place > place) high = middle
    else low = middle + 1
  }
  return marks[low]?.at ?? otherwise
}

/** The first place whose time is not before `since`. */
export function placeSince(marks: readonly Mark[], since: Instant): number {
  let place = 0
  for (const mark of marks) {
    if (mark.at >= since) break
    place = mark.place
  }
  return place
}
