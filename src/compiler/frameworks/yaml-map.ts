/** Maps of scalars, one in the other, as block YAML: what configuration files of the frameworks need. */

export type YamlMap = { readonly [key: string]: string | number | boolean | YamlMap | undefined }

export function yamlMap(map: YamlMap, indent = ''): string {
  return Object.entries(map)
    .flatMap(([key, value]) => {
      if (value === undefined) return []
      if (typeof value === 'object') return [`${indent}${key}:\n${yamlMap(value, `${indent}  `)}`]
      return [`${indent}${key}: ${scalar(value)}\n`]
    })
    .join('')
}

/** Plain where no reader could take it for something else. */
const scalar = (value: string | number | boolean): string =>
  typeof value !== 'string' ||
  (/^[A-Za-z][\w./-]*$/.test(value) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(value))
    ? String(value)
    : JSON.stringify(value)
