/** What the YAML library says about text that is no YAML, as problems with a fix. */
import type { ErrorCode, YAMLError } from 'yaml'
import type { Problem, SourcePlace } from '../../base/problem.ts'

/** Codes as the library defines them (yaml/src/errors.ts); the others are told in its own words. */
const FIXES: Partial<Record<ErrorCode, string>> = {
  TAB_AS_INDENT: 'Indent with spaces.',
  BLOCK_AS_IMPLICIT_KEY: 'Put the value in quotes if its colon belongs to it, or the second key on a line of its own.',
  MISSING_CHAR: 'Add what is missing.',
  BAD_INDENT: 'Indent it like its neighbours, and close every bracket.',
  UNEXPECTED_TOKEN: 'Remove it, or put the whole value in quotes.',
  BAD_ALIAS: 'Put the value in quotes if its * or & belongs to it.',
  BAD_SCALAR_START: 'Put the value in quotes.',
  BAD_DQ_ESCAPE: 'Write the backslash twice, or use single quotes.',
  MULTILINE_IMPLICIT_KEY: 'Add a colon and a space after the key.',
}

/** One error leads to the next: the first of a document is told, and every key that is there twice. */
export function syntaxProblems(
  errors: readonly YAMLError[],
  text: string,
  placeAt: (offset: number) => SourcePlace,
): Problem[] {
  const twice = errors.filter(({ code }) => code === 'DUPLICATE_KEY')
  const other = errors.filter(({ code }) => code !== 'DUPLICATE_KEY').slice(0, 1)
  return [
    ...other.map(({ code, message, pos }) => ({
      place: placeAt(pos[0]),
      field: '',
      what: 'This is not YAML',
      why: lowerFirst(message.replace(/"quote/, '" quote').replace(/\.$/, '')),
      ...(FIXES[code] ? { fix: FIXES[code] } : {}),
    })),
    ...twice.map(({ pos }) => ({
      place: placeAt(pos[0]),
      field: '',
      what: `The key ${/^[^\s:]+/.exec(text.slice(pos[0], pos[0] + 80))?.[0] ?? ''} is there twice`,
      why: 'only one of the two values can count',
      fix: 'Keep one of them.',
    })),
  ]
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
