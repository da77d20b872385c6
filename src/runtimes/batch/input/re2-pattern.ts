/** A `split` pattern means the same in both engines: RE2's white space is ASCII (tab, LF, FF, CR, blank), JavaScript's is all of Unicode's. */
import { UserError } from '../failure.ts'

const SPACE = '\\t\\n\\f\\r '

export function re2Pattern(pattern: string): RegExp {
  let translated = ''
  let inClass = false
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!
    if (char === '\\') {
      const escaped = pattern[++i] ?? ''
      if (escaped === 's') translated += inClass ? SPACE : `[${SPACE}]`
      else if (escaped === 'S' && !inClass) translated += `[^${SPACE}]`
      else translated += char + escaped
      continue
    }
    if (char === '[' && !inClass) inClass = true
    else if (char === ']' && inClass && !/\[\^?$/.test(translated)) inClass = false
    translated += char
  }
  try {
    return new RegExp(translated, 'u')
  } catch (error) {
    throw new UserError(`the pattern ${pattern} is no regular expression: ${(error as Error).message}`)
  }
}
