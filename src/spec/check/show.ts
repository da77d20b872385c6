/** Values as problems show them: short, on one line, as one would type them in YAML. */

const LONGEST = 60

export function show(value: unknown): string {
  const text = flow(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
}

/** YAML's flow style, with quotes only where they are needed. */
export function flow(value: unknown): string {
  if (value === undefined) return 'absent'
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(plain).join(', ')}]`
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value).map(([name, field]) => `${name}: ${plain(field)}`)
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
  }
  return String(value)
}

/** Inside a list or map a simple word needs no quotes. */
const plain = (value: unknown): string =>
  typeof value === 'string' && /^[A-Za-z/.][\w./-]*$/.test(value) && !/^(true|false|null|~|\.inf|\.nan)$/i.test(value)
    ? value
    : flow(value)

/** `a`, `a or b`, `a, b or c`. */
export const orList = (words: readonly (string | number)[]): string =>
  words.length <= 1 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

/** `a`, `a and b`, `a, b and c`. */
export const andList = (words: readonly (string | number)[]): string =>
  words.length <= 1 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
