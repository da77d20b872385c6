/**
 * JSONPath as kubectl takes it, as far as people type it: `{.status.phase}`, `.items[*].metadata.name`, `[0]`, `['a.b']`, `a\.b`,
 * `[?(@.type=="Ready")].status`, text between braces. `range` and recursion are not here and are refused.
 */
import { usageError } from './exit.ts'

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'where'; readonly path: readonly Step[]; readonly equals: string }

/** All values that `path` reaches in `value`. */
export function jsonPathValues(value: unknown, path: string): readonly unknown[] {
  return follow(value, parsePath(path.replace(/^\{(.*)\}$/s, '$1')))
}

/** A template with paths in braces; a path alone needs none. Several values are joined by blanks, as kubectl does. */
export function jsonPathText(value: unknown, template: string): string {
  const text = template.includes('{') ? template : `{${template}}`
  return text.replace(/\{([^{}]*)\}/g, (_, inner: string) => {
    const literal = /^\s*"((?:[^"\\]|\\.)*)"\s*$/.exec(inner)
    if (literal) return literal[1]!.replace(/\\n/g, '\n').replace(/\\t/g, '\t')
    return jsonPathValues(value, inner).map(textOf).join(' ')
  })
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function follow(value: unknown, steps: readonly Step[]): readonly unknown[] {
  return steps.reduce<readonly unknown[]>((values, step) => values.flatMap(each => take(each, step)), [value])
}

function take(value: unknown, step: Step): readonly unknown[] {
  if (value === null || typeof value !== 'object') return []
  switch (step.kind) {
    case 'field':
      return Object.hasOwn(value, step.name) ? [(value as Record<string, unknown>)[step.name]] : []
    case 'index':
      return Array.isArray(value) && value.length > 0 && value.at(step.index) !== undefined
        ? [value.at(step.index)]
        : []
    case 'all':
      return Object.values(value)
    case 'where':
      return Object.values(value).filter(each => follow(each, step.path).some(found => String(found) === step.equals))
  }
}

const STEP =
  /^(?:\.?\[\?\(\s*@((?:\.|\[)[^=]*?)\s*==\s*(?:"([^"]*)"|'([^']*)'|([^)\s]+))\s*\)\]|\.?\[(-?\d+)\]|\.?\[\*\]|\.\*|\.?\['([^']*)'\]|\.((?:\\.|[^.[\]\\])+))/

function parsePath(path: string): readonly Step[] {
  const steps: Step[] = []
  let rest = path.trim().replace(/^[$@]/, '')
  if (rest !== '' && !/^[.[]/.test(rest)) rest = `.${rest}`
  while (rest !== '' && rest !== '.') {
    const match = STEP.exec(rest)
    if (!match || /^(range|end)\b/.test(path.trim())) throw usageError(`"${path}" is not a JSONPath that solvent reads`)
    const [whole, where, ...texts] = match
    const [double, single, bare, index, quoted, field] = texts
    if (where !== undefined) {
      steps.push({ kind: 'where', path: parsePath(where), equals: double ?? single ?? bare ?? '' })
    } else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) })
    else if (quoted !== undefined) steps.push({ kind: 'field', name: quoted })
    else if (field !== undefined) steps.push({ kind: 'field', name: field.replace(/\\(.)/g, '$1') })
    else steps.push({ kind: 'all' })
    rest = rest.slice(whole.length)
  }
  return steps
}
