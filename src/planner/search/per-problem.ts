/** What depends on a problem and one number is made once: the search asks at every node. */
import type { SearchProblem } from './problem.ts'

export function perProblem<Value>(): (problem: SearchProblem, key: number, make: () => Value) => Value {
  const problems = new WeakMap<SearchProblem, Map<number, Value>>()
  return (problem, key, make) => {
    let known = problems.get(problem)
    if (!known) {
      known = new Map()
      problems.set(problem, known)
    }
    const found = known.get(key)
    if (found !== undefined) return found
    const made = make()
    known.set(key, made)
    return made
  }
}
