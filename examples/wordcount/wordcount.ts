/** Each word of the line, counted once. */
export function* words(line: string): Iterable<[string, number]> {
  for (const word of line.toLowerCase().match(/\p{L}+/gu) ?? []) yield [word, 1]
}
