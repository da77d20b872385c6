/** Paths name files of a file system: no other scheme is read yet, and `~` is a word of shells. */
import type { Problem } from '../../base/problem.ts'
import type { Declaration } from '../kinds.ts'
import { pathsOf } from '../resolve/paths.ts'
import type { Rule } from './rule.ts'

export const pathsAreFiles: Rule<Declaration> = {
  reads: ['spec.input', 'spec.map', 'spec.reduce', 'spec.output', 'spec.framework', 'spec.run', 'spec.model'],
  check: declaration =>
    pathsOf(declaration).flatMap(({ field, value, role }): readonly Problem[] => {
      const what = `is ${JSON.stringify(value)}`
      const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(value)?.[1]
      if (scheme && scheme !== 'file') {
        return [
          { field, what, why: `${scheme}:// cannot be read yet`, fix: 'Write the path of a file or folder on disk.' },
        ]
      }
      if (/^~(\/|$)/.test(value)) {
        return [{ field, what, why: 'only a shell knows what ~ is', fix: 'Write the whole path, beginning with /.' }]
      }
      if (role !== 'input' && /[*]/.test(value)) {
        return [{ field, what, why: 'a pattern is possible for input only', fix: 'Write one path without *.' }]
      }
      return []
    }),
}
