/**
 * A terminal session as text, read back as steps: what somebody types, and what must appear. This is the form of `script/*.txt`.
 *
 *     # A title                         begins a section
 *     $ kubectl get pods -o name        a command for bash; lines that begin with `> ` continue it
 *     pod/alone                         a line that must appear, standard error among the rest; runs of blanks count as one
 *     ~ ^web +2/2                       a line that must match
 *     ...                               any lines, or none
 *     {>=1.33} pod/other                a line of some releases only
 *     [1]                               the exit code, when it is not 0
 */

export interface Step {
  readonly section: string
  readonly command: string
  readonly expected: readonly string[]
  readonly exitCode: number
}

export function parseTranscript(text: string): readonly Step[] {
  const steps: { section: string; command: string; expected: string[]; exitCode: number }[] = []
  let section = ''
  for (const line of text.split('\n')) {
    const last = steps.at(-1)
    const code = /^\[(\d+)\]$/.exec(line)
    if (line.startsWith('# ')) section = line.slice(2)
    else if (line.startsWith('$ ')) steps.push({ section, command: line.slice(2), expected: [], exitCode: 0 })
    else if (last && line.startsWith('> ')) last.command += `\n${line.slice(2)}`
    else if (last && code) last.exitCode = Number(code[1])
    else if (last && line.trim() !== '') last.expected.push(line)
  }
  return steps
}

/** `>=1.33`, `<=1.30`, `1.31`: whether a release of one major version is meant. */
export function isMeant(range: string, release: string): boolean {
  const [, relation, minor] = /^(>=|<=)?1\.(\d+)$/.exec(range) ?? []
  const own = Number(release.split('.')[1])
  if (relation === '>=') return own >= Number(minor)
  if (relation === '<=') return own <= Number(minor)
  return own === Number(minor)
}

/** The lines that a release must print. */
export const expectedOf = ({ expected }: Step, release: string): readonly string[] =>
  expected.flatMap(line => {
    const [, range, rest] = /^\{((?:>=|<=)?1\.\d+)\} ?(.*)$/.exec(line) ?? []
    if (range === undefined) return [line]
    return isMeant(range, release) ? [rest ?? ''] : []
  })

/** Whether the lines that came are those that were expected. */
export function matches(expected: readonly string[], lines: readonly string[]): boolean {
  const [first, ...rest] = expected
  if (first === undefined) return lines.length === 0
  if (first === '...') return lines.some((_, at) => matches(rest, lines.slice(at))) || matches(rest, [])
  const [line, ...later] = lines
  return line !== undefined && isLine(first, line) && matches(rest, later)
}

const isLine = (expected: string, line: string): boolean =>
  expected.startsWith('~ ') ? new RegExp(expected.slice(2)).test(line) : single(expected) === single(line)

const single = (line: string): string => line.trim().replaceAll(/\s+/g, ' ')

export const linesOf = (output: string): readonly string[] => output.split('\n').filter(line => line.trim() !== '')
