/** Which line of a file begins at a byte. Counted only when an error must name its place: pieces know offsets, people know lines. */
import { byteChunks } from './byte-chunks.ts'

export async function lineNumberAt(uri: string, offset: number): Promise<number> {
  let line = 1
  let position = 0
  for await (const chunk of byteChunks(uri, 0)) {
    const end = Math.min(chunk.length, offset - position)
    for (let at = chunk.indexOf(10); at >= 0 && at < end; at = chunk.indexOf(10, at + 1)) line++
    position += chunk.length
    if (position >= offset) break
  }
  return line
}
