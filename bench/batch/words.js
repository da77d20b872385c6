/** The function of the word count, the same for Solvent and for its rivals. */
export function* words(line) {
  for (const word of line.split(/\s+/)) if (word !== '') yield [word, 1]
}
