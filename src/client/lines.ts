/** Cuts a stream of bytes into lines. Watches are JSON values a line; logs are text a line. */

/** Lines without their line feed; a last line without one is given too. Decoded a line at a time: chunks may split a character. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder()
  let rest: Uint8Array[] = []
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const piece = chunk.subarray(start, end)
      yield decoder.decode(rest.length === 0 ? piece : Buffer.concat([...rest, piece]))
      rest = []
      start = end + 1
    }
    if (start < chunk.length) rest.push(chunk.subarray(start))
  }
  if (rest.length > 0) yield decoder.decode(Buffer.concat(rest))
}
