/** Puts before each line of a log when it was written, as `kubectl logs --timestamps` prints it; as exact as log-times.ts can say. */
import type { Instant } from '../../base/clock.ts'
import { type Mark, timeOf } from './log-times.ts'

/** RFC 3339 with nanoseconds, which clients parse. */
const format = (at: Instant): string => new Date(at).toISOString().replace('Z', '000000Z')

export async function* withTimestamps(
  chunks: AsyncIterable<{ readonly bytes: Buffer; readonly place: number }>,
  marks: () => readonly Mark[],
  otherwise: () => Instant,
): AsyncGenerator<Uint8Array, void, void> {
  let isLineStart = true
  for await (const { bytes, place } of chunks) {
    const parts: Uint8Array[] = []
    const known = marks()
    for (let at = 0; at < bytes.length; ) {
      if (isLineStart) parts.push(Buffer.from(`${format(timeOf(known, place + at, otherwise()))} `))
      const feed = bytes.indexOf(0x0a, at)
      const end = feed < 0 ? bytes.length : feed + 1
      parts.push(bytes.subarray(at, end))
      isLineStart = feed >= 0
      at = end
    }
    yield Buffer.concat(parts)
  }
}
