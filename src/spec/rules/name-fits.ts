/**
 * A declaration's name is the beginning of all names made from it: a Service `N` (RFC 1035: a letter first), a Job `N-coordinator`,
 * whose pods' host names `N-coordinator-0` must be DNS labels of at most 63 characters.
 */
import type { Declaration } from '../kinds.ts'
import type { Rule } from './rule.ts'

/** Leaves 23 characters for suffixes: `-coordinator-0` and the five random ones of a pod's name. */
const LONGEST_NAME = 40

export const nameFits: Rule<Declaration> = {
  reads: ['metadata.name'],
  check: ({ metadata }) => {
    const name = metadata.name ?? ''
    const what = `is ${JSON.stringify(name)}`
    const fix = `Write ${fitting(name)}`
    if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
      const why = 'a name has lower-case letters, digits and -, begins with a letter and does not end with -'
      return [{ field: 'metadata.name', what, why, fix }]
    }
    if (name.length <= LONGEST_NAME) return []
    const why = `it has ${name.length} characters, and names made from it would be longer than the 63 that DNS allows`
    return [{ field: 'metadata.name', what, why, fix: `${fix} or another name of at most ${LONGEST_NAME} characters.` }]
  },
}

/** The name that was probably meant, in the form that is allowed. */
function fitting(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, LONGEST_NAME)
    .replace(/-+$/, '')
  return plain === '' ? 'my-job' : plain
}
