/** Two texts as a unified diff (diff -u), by longest common subsequence after what both ends share is set aside. */

type Line = readonly [mark: ' ' | '-' | '+', text: string]

const CONTEXT = 3

/** Empty when nothing differs. */
export function unifiedDiff(before: string, after: string, name: string): readonly string[] {
  const lines = compare(splitLines(before), splitLines(after))
  if (lines.every(([mark]) => mark === ' ')) return []
  return [`--- live/${name}`, `+++ declared/${name}`, ...hunks(lines)]
}

const splitLines = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

function compare(a: readonly string[], b: readonly string[]): readonly Line[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const same = (text: string): Line => [' ', text]
  return [
    ...a.slice(0, start).map(same),
    ...subsequence(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ]
}

function subsequence(a: readonly string[], b: readonly string[]): readonly Line[] {
  const width = b.length + 1
  const common = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const at = i * width + j
      common[at] = a[i] === b[j] ? common[at + width + 1]! + 1 : Math.max(common[at + width]!, common[at + 1]!)
    }
  }
  const lines: Line[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const at = i * width + j
    if (a[i] === b[j]) {
      lines.push([' ', a[i++]!])
      j++
    } else if (common[at + width]! >= common[at + 1]!) lines.push(['-', a[i++]!])
    else lines.push(['+', b[j++]!])
  }
  for (; i < a.length; i++) lines.push(['-', a[i]!])
  for (; j < b.length; j++) lines.push(['+', b[j]!])
  return lines
}

function hunks(lines: readonly Line[]): readonly string[] {
  const changed = lines.flatMap(([mark], i) => (mark === ' ' ? [] : [i]))
  const ranges: [number, number][] = []
  for (const i of changed) {
    const [from, to] = [Math.max(0, i - CONTEXT), Math.min(lines.length, i + CONTEXT + 1)]
    const last = ranges.at(-1)
    if (last && from <= last[1]) last[1] = to
    else ranges.push([from, to])
  }
  return ranges.flatMap(([from, to]) => {
    const count = (marks: string, until: readonly Line[]): number =>
      until.filter(([mark]) => marks.includes(mark)).length
    const part = lines.slice(from, to)
    const old = [count(' -', lines.slice(0, from)) + 1, count(' -', part)] as const
    const now = [count(' +', lines.slice(0, from)) + 1, count(' +', part)] as const
    // An empty side is said to begin one line earlier (POSIX diff).
    const range = ([line, size]: readonly [number, number]): string => `${size === 0 ? line - 1 : line},${size}`
    return [`@@ -${range(old)} +${range(now)} @@`, ...part.map(([mark, text]) => `${mark}${text}`)]
  })
}
