/**
 * Regular expressions that somebody else wrote (a schema's `pattern`, CEL's `matches`): Go's syntax, in linear time whatever the pattern
 * and the text, since JavaScript's own engine may need exponential time and would stall the whole server.
 */
import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

type Engine = typeof import('re2js')

let engine: Engine | undefined

/** Loaded with the first pattern: most servers see none. */
function loaded(): Engine {
  engine ??= createRequire(import.meta.url)('re2js') as Engine
  return engine
}

const MAX_KEPT = 2000
const kept = new Map<string, RE2JS>()

/** Throws what Go's `regexp.Compile` would say, for a pattern that is none. */
export function compilePattern(pattern: string): RE2JS {
  const known = kept.get(pattern)
  if (known) return known
  const compiled = loaded().RE2JS.compile(pattern)
  if (kept.size >= MAX_KEPT) kept.clear()
  kept.set(pattern, compiled)
  return compiled
}

/** What is wrong with a pattern, in Go's words; undefined for a good one. */
export function patternProblem(pattern: string): string | undefined {
  try {
    compilePattern(pattern)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
