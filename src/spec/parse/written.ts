/**
 * YAML text as plain values that remember where they were written, through anchors, aliases and merge keys. Everything past this file
 * works on values and asks for places by field path.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, type Scalar } from 'yaml'
import type { Problem, SourcePlace } from '../../base/problem.ts'
import type { FieldPath } from '../../kube/schema-path.ts'
import { syntaxProblems } from './syntax.ts'

/** Where a value was written, and what is inside it. */
interface Spot {
  readonly offset: number
  /** Offset of the key in front of it. */
  readonly keyOffset?: number
  /** A scalar as it was typed: `1.10`, where the value is 1.1. */
  readonly source?: string
  readonly inside?: ReadonlyMap<string | number, Spot>
}

export interface Written {
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** The value at `path`, or the nearest thing around it that was written. `key`: the key in front of it. */
  place(path: FieldPath, part?: 'key' | 'value'): SourcePlace
  source(path: FieldPath): string | undefined
}

/** Aliases may repeat what stands elsewhere; more nodes than this through aliases is a bomb, not a declaration. */
const MAX_ALIASED_NODES = 100_000

/** One entry for each document of the text that is not empty. */
export function readDocuments(text: string, file: string): readonly Written[] {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false })
  const placeAt = (offset: number): SourcePlace => {
    const { line, col } = lines.linePos(Math.min(offset, text.length))
    return { file, line, column: col }
  }
  return [...documents].flatMap(document => {
    const broken = syntaxProblems(document.errors, text, placeAt)
    if (broken.length === 0 && isEmpty(document.contents)) return []
    return [broken.length > 0 ? unreadable(broken) : readDocument(document.contents, placeAt)]
  })
}

const isEmpty = (node: unknown): boolean => node === null || (isScalar(node) && node.value === null)

const unreadable = (problems: readonly Problem[]): Written => ({
  value: undefined,
  problems,
  place: () => problems[0]!.place!,
  source: () => undefined,
})

function readDocument(contents: Node | null, placeAt: (offset: number) => SourcePlace): Written {
  const reader = new NodeReader(placeAt)
  const { value, spot } = reader.read(contents)
  return {
    value,
    problems: reader.problems,
    place(path, part = 'value') {
      const { spot: found, whole } = nearestSpot(spot, path)
      // Of a field that is not there the key of the map around it tells most.
      const isMissing = !whole && found.inside !== undefined
      return placeAt(part === 'key' || isMissing ? (found.keyOffset ?? found.offset) : found.offset)
    },
    source(path) {
      const { spot: found, whole } = nearestSpot(spot, path)
      return whole ? found.source : undefined
    },
  }
}

function nearestSpot(root: Spot, path: FieldPath): { readonly spot: Spot; readonly whole: boolean } {
  let spot = root
  for (const step of path) {
    const next = spot.inside?.get(step)
    if (!next) return { spot, whole: false }
    spot = next
  }
  return { spot, whole: true }
}

interface Read {
  readonly value: unknown
  readonly spot: Spot
}

class NodeReader {
  readonly problems: Problem[] = []
  private readonly placeAt: (offset: number) => SourcePlace
  /** By name, as they are met: an alias means the last one above it. */
  private readonly anchors = new Map<string, Node>()
  private readonly open = new Set<Node>()
  private aliasedNodes = 0

  constructor(placeAt: (offset: number) => SourcePlace) {
    this.placeAt = placeAt
  }

  read(node: Node | null, keyOffset?: number): Read {
    const offset = node?.range?.[0] ?? keyOffset ?? 0
    const at = { offset, ...(keyOffset === undefined ? {} : { keyOffset }) }
    if (isAlias(node)) return this.readAlias(node.source, at)
    if (this.open.size > 0 && ++this.aliasedNodes > MAX_ALIASED_NODES) return { value: null, spot: at }
    if (node?.anchor && this.open.size === 0) this.anchors.set(node.anchor, node)
    if (isMap(node)) return this.readMap(node.items as readonly MapEntry[], at)
    if (isSeq(node)) return this.readList(node.items as readonly (Node | null)[], at)
    const scalar = node as Scalar | null
    const source = scalar?.source
    return { value: scalar?.value ?? null, spot: source === undefined ? at : { ...at, source } }
  }

  private readAlias(name: string, at: Spot): Read {
    const target = this.anchors.get(name)
    if (!target || this.open.has(target)) {
      const why = target ? 'it stands inside the value that it names' : 'no anchor of that name stands above it'
      const fix = target
        ? 'Write the value here.'
        : `Write the value here, or put &${name} in front of the value that is meant.`
      return this.refuse(at, `*${name} names a value`, why, fix)
    }
    if (this.aliasedNodes > MAX_ALIASED_NODES) return { value: null, spot: at }
    this.open.add(target)
    const { value, spot } = this.read(target)
    this.open.delete(target)
    if (this.aliasedNodes > MAX_ALIASED_NODES && this.open.size === 0) {
      const why = `aliases of one file may stand for ${MAX_ALIASED_NODES} values at most`
      return this.refuse(
        at,
        `*${name} repeats too much`,
        why,
        'Write the values out, or spread them over several files.',
      )
    }
    return { value, spot: { ...spot, ...at } }
  }

  private refuse(at: Spot, what: string, why: string, fix: string): Read {
    this.problems.push({ place: this.placeAt(at.offset), field: '', what, why, fix })
    return { value: null, spot: at }
  }

  private readList(items: readonly (Node | null)[], at: Spot): Read {
    const read = items.map(item => this.read(item))
    return {
      value: read.map(({ value }) => value),
      spot: { ...at, inside: new Map(read.map(({ spot }, i) => [i, spot])) },
    }
  }

  private readMap(entries: readonly MapEntry[], at: Spot): Read {
    const own = new Map<string, Read>()
    const merged = new Map<string, Read>()
    for (const { key, value } of entries) {
      const keyOffset = key?.range?.[0] ?? at.offset
      const name = keyName(key)
      if (name === MERGE) this.merge(this.read(value, keyOffset), merged)
      else if (name !== undefined) own.set(name, this.read(value, keyOffset))
      else
        this.refuse({ offset: keyOffset }, 'A key is a list or a map', 'a field has a name', 'Write a word as the key.')
    }
    const all = [...own, ...[...merged].filter(([name]) => !own.has(name))]
    return {
      // fromEntries defines own fields, `__proto__` too.
      value: Object.fromEntries(all.map(([name, { value }]) => [name, value])),
      spot: { ...at, inside: new Map(all.map(([name, { spot }]) => [name, spot])) },
    }
  }

  /** `<<: *a` or `<<: [*a, *b]`; of two sources the earlier wins (yaml.org/type/merge). */
  private merge({ value, spot }: Read, into: Map<string, Read>): void {
    if (Array.isArray(value)) {
      value.forEach((one, i) => this.merge({ value: one, spot: spot.inside?.get(i) ?? spot }, into))
    } else if (value !== null && typeof value === 'object') {
      for (const [name, field] of Object.entries(value)) {
        if (!into.has(name)) into.set(name, { value: field, spot: spot.inside?.get(name) ?? spot })
      }
    } else {
      this.refuse(spot, '<< is given no map', 'only a map can be merged', 'Remove it.')
    }
  }
}

interface MapEntry {
  readonly key: Node | null
  readonly value: Node | null
}

const MERGE = Symbol('merge')

/** A number or a boolean as a key is the text that was typed. */
function keyName(key: Node | null): string | typeof MERGE | undefined {
  if (key === null) return ''
  if (!isScalar(key)) return undefined
  if (typeof key.value === 'symbol') return MERGE
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}
