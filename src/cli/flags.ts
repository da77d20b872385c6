/** Arguments to values by a command's table of flags, over node:util.parseArgs; a flag that nobody knows is answered with the nearest. */
import { parseArgs } from 'node:util'
import { nearest } from '../base/did-you-mean.ts'
import { usageError } from './exit.ts'
import type { Flag } from './flag.ts'

export interface Flags {
  has(name: string): boolean
  text(name: string): string | undefined
  list(name: string): readonly string[]
  on(name: string): boolean
  /** Seconds from `90`, `90s`, `5m`, `1h30m`; `fallback` when the flag is absent. */
  seconds(name: string, fallback: number): number
  count(name: string): number | undefined
}

export interface Parsed {
  readonly args: readonly string[]
  readonly flags: Flags
}

export function parseFlags(argv: readonly string[], known: readonly Flag[]): Parsed {
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      known.map(({ name, short, value }) => [
        name,
        { type: value ? ('string' as const) : ('boolean' as const), ...(short ? { short } : {}), multiple: true },
      ]),
    ),
  })
  const byName = new Map(known.map(flag => [flag.name, flag]))
  const values = new Map<string, string[]>()
  const args: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value)
    if (token.kind !== 'option') continue
    const flag = byName.get(token.name)
    if (!flag) throw unknownFlag(token.rawName, known)
    values.set(flag.name, [...(values.get(flag.name) ?? []), flagValue(flag, token.value)])
  }
  return { args, flags: flagsOf(values) }
}

function flagValue(flag: Flag, given: string | undefined): string {
  if (!flag.value) {
    if (given !== undefined && given !== 'true' && given !== 'false') {
      throw usageError(`--${flag.name} takes no value but "true" or "false", not "${given}"`)
    }
    return given ?? 'true'
  }
  if (given === undefined) throw usageError(`--${flag.name} needs a value: --${flag.name} ${flag.value}`)
  // pflag takes `-n=team` like `-n team`; parseArgs leaves the sign in place.
  const value = given.replace(/^=/, '')
  const fits = flag.choices?.some(choice => (choice.endsWith('=') ? value.startsWith(choice) : value === choice))
  if (flag.choices && !fits) {
    const near = nearest(value, flag.choices)
    const hint = near ? `Did you mean "${near}"?` : `It takes ${flag.choices.join(', ')}.`
    throw usageError(`--${flag.name} does not take "${value}". ${hint}`)
  }
  return value
}

function unknownFlag(rawName: string, known: readonly Flag[]) {
  const near = nearest(
    rawName.replace(/^-+/, ''),
    known.map(({ name }) => name),
  )
  return usageError(
    `there is no flag ${rawName}${near && rawName.startsWith('--') ? `. Did you mean "--${near}"?` : ''}`,
  )
}

function flagsOf(values: ReadonlyMap<string, readonly string[]>): Flags {
  const text = (name: string): string | undefined => values.get(name)?.at(-1)
  return {
    text,
    has: name => values.has(name),
    list: name => values.get(name) ?? [],
    on: name => text(name) === 'true',
    seconds(name, fallback) {
      const value = text(name)
      return value === undefined ? fallback : secondsFrom(name, value)
    },
    count(name) {
      const value = text(name)
      if (value === undefined) return undefined
      if (!/^-?\d+$/.test(value)) throw usageError(`--${name} is a whole number, not "${value}"`)
      return Number(value)
    },
  }
}

const SECONDS: Readonly<Record<string, number>> = { '': 1, ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }

/** Go's durations as far as people type them. A bare number is seconds; a negative one is a long time, as in kubectl. */
function secondsFrom(name: string, value: string): number {
  const wrong = usageError(`--${name} is a time such as 30s, 5m or 1h30m, not "${value}"`)
  if (/^-\d+s?$/.test(value)) return Number.POSITIVE_INFINITY
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d)?)+$/.test(value)) throw wrong
  return [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)?/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * SECONDS[unit ?? '']!,
    0,
  )
}
