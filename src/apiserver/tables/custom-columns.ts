/**
 * Columns that a CustomResourceDefinition declares (`additionalPrinterColumns`): a JSONPath each, of the simple form that CRDs allow
 * (fields, indexes, `[*]`, `['key']`, `[?(@.type=="Ready")]`). Dates become ages, as upstream's tableconvertor does.
 */
import type { KubeObject } from '../../kube/object.ts'
import type { CustomResourceVersion } from '../../kube/workloads.ts'
import { AGE, type Cell, type Column, NAME } from './column.ts'
import { since } from './duration.ts'

type PrinterColumn = NonNullable<CustomResourceVersion['additionalPrinterColumns']>[number]
type Step = (values: readonly unknown[]) => readonly unknown[]

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const field =
  (name: string): Step =>
  values =>
    values.flatMap(value => (isRecord(value) && Object.hasOwn(value, name) ? [value[name]] : []))

const all: Step = values =>
  values.flatMap(value => (Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : []))

const at =
  (index: number): Step =>
  values =>
    values.flatMap(value => (Array.isArray(value) && value.at(index) !== undefined ? [value.at(index)] : []))

const where =
  (path: string, wanted: string): Step =>
  values =>
    all(values).filter(item => parseJsonPath(path)?.(item).some(found => String(found) === wanted))

/** One step after another: a field by dot, a quoted field, a filter, a wildcard, an index. */
const STEPS: readonly [RegExp, (match: RegExpExecArray) => Step][] = [
  [/^\.?\[\?\(@(\.[^=!<>]+?)\s*==\s*["']([^"']*)["']\)\]/, m => where(m[1] ?? '', m[2] ?? '')],
  [/^\.?\[['"]([^'"]+)['"]\]/, m => field(m[1] ?? '')],
  [/^\.?\[(-?\d+)\]/, m => at(Number(m[1]))],
  [/^(\.?\[\*\]|\.\*)/, () => all],
  [/^\.((?:\\.|[^.[\]{}\\])+)/, m => field((m[1] ?? '').replace(/\\(.)/g, '$1'))],
]

/** The values that a path finds, or undefined where the path is not one that we understand. */
export function parseJsonPath(path: string): ((root: unknown) => readonly unknown[]) | undefined {
  const steps: Step[] = []
  let rest = path.startsWith('.') || path.startsWith('[') ? path : `.${path}`
  while (rest !== '') {
    const found = STEPS.map(([pattern, make]) => [pattern.exec(rest), make] as const).find(([match]) => match)
    if (!found?.[0]) return undefined
    steps.push(found[1](found[0]))
    rest = rest.slice(found[0][0].length)
  }
  return root => steps.reduce<readonly unknown[]>((values, step) => step(values), [root])
}

function cellFrom(values: readonly unknown[], type: string, now: number): Cell {
  const [first] = values
  if (first === undefined || first === null) return type === 'date' ? '<unknown>' : ''
  if (type === 'date') return since(String(first), now)
  if (type === 'integer' || type === 'number') return typeof first === 'number' ? first : String(first)
  if (type === 'boolean') return typeof first === 'boolean' ? first : String(first)
  return values.map(value => (typeof value === 'string' ? value : JSON.stringify(value))).join(',')
}

function customColumn({ name, type, jsonPath, description, format, priority }: PrinterColumn): Column {
  const find = parseJsonPath(jsonPath) ?? (() => [])
  return {
    name,
    type: type as Column['type'],
    description: description ?? '',
    ...(format !== undefined && { format }),
    ...(priority !== undefined && { priority }),
    cell: (object: KubeObject, now) => cellFrom(find(object), type, now),
  }
}

/** Name, what the CRD declares, and an age where it declares nothing. */
export const customColumns = (declared: CustomResourceVersion['additionalPrinterColumns']): readonly Column[] =>
  declared && declared.length > 0 ? [NAME, ...declared.map(customColumn)] : [NAME, AGE]
