/** Tables of plain values as TOML 1.0. */

export type TomlValue = string | number | boolean | readonly TomlValue[]
export type TomlTable = { readonly [key: string]: TomlValue | TomlTable | undefined }

/** Own values of a table first, then its tables; what is undefined is left out, and so is a table without values. */
export function toml(table: TomlTable, path: readonly string[] = []): string {
  const own: string[] = []
  const below: string[] = []
  for (const [key, value] of Object.entries(table)) {
    if (value === undefined) continue
    if (isTable(value)) below.push(toml(value, [...path, key]))
    else own.push(`${key} = ${valueText(value)}`)
  }
  const head = path.length > 0 && own.length > 0 ? [`[${path.join('.')}]`] : []
  return [...(own.length > 0 ? [[...head, ...own, ''].join('\n')] : []), ...below.filter(text => text !== '')].join(
    '\n',
  )
}

const isTable = (value: TomlValue | TomlTable): value is TomlTable => typeof value === 'object' && !Array.isArray(value)

function valueText(value: TomlValue): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object') return String(value)
  const items = value.map(valueText)
  const isLong = items.join(', ').length > 100 && value.some(item => typeof item === 'object')
  return isLong ? `[\n${items.map(item => `  ${item},\n`).join('')}]` : `[${items.join(', ')}]`
}
