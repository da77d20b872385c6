/**
 * Text -> documents, or every problem with line, value, reason and fix. A document is one of our declarations in the stored form, or a
 * plain Kubernetes object, which passes through untouched. Paths are not resolved yet: `resolve/` needs to know the folder.
 */
import type { Problem, Result, SourcePlace } from '../../base/problem.ts'
import { ok } from '../../base/problem.ts'
import { type FieldPath, parseFieldPath } from '../../kube/schema-path.ts'
import { checkDeclaration } from '../check/check-declaration.ts'
import type { Declaration } from '../kinds.ts'
import type { DeclarationInfo } from '../schema/kinds-table.ts'
import { normalise } from '../shorthand/normalise.ts'
import type { Document, Locate } from './document.ts'
import { identify } from './identify.ts'
import { sameNames } from './names-differ.ts'
import { readDocuments, type Written } from './written.ts'

export interface ParseOptions {
  /** How problems call the text: `job.yaml`, or `-` for standard input. */
  readonly file: string
}

export function parseSpec(text: string, { file }: ParseOptions): Result<readonly Document[]> {
  const written = readDocuments(text, file)
  if (written.length === 0) return { ok: false, problems: [nothingDeclared(file)] }
  const parsed = written.flatMap(itemsOf).map(parseDocument)
  const documents = parsed.flatMap(document => ('problems' in document ? [] : [document]))
  const problems = [
    ...parsed.flatMap(document => ('problems' in document ? document.problems : [])),
    ...sameNames(documents),
  ]
  return problems.length > 0 ? { ok: false, problems } : ok(documents)
}

const nothingDeclared = (file: string): Problem => ({
  place: { file, line: 1, column: 1 },
  field: '',
  what: 'Nothing is declared here',
  fix: 'Write a declaration, or start from the one that solvent init makes.',
})

/** A `List` stands for its items (kubectl get -o yaml prints one). */
function itemsOf(document: Written): readonly Written[] {
  const value = document.value as { readonly kind?: unknown; readonly items?: unknown } | null | undefined
  if (value?.kind !== 'List' || !Array.isArray(value.items)) return [document]
  const at = (i: number, path: FieldPath): FieldPath => ['items', i, ...path]
  return value.items.map((item, i) => ({
    value: item,
    problems: i === 0 ? document.problems : [],
    place: (path, part) => document.place(at(i, path), part),
    source: path => document.source(at(i, path)),
  }))
}

function parseDocument(document: Written): Document | { readonly problems: readonly Problem[] } {
  if (document.problems.length > 0) return { problems: document.problems }
  const identity = identify(document.value)
  const locate: Locate = field => document.place(parseFieldPath(field))
  if (identity.kind === 'problems') {
    return { problems: identity.problems.map(problem => ({ place: locate(problem.field), ...problem })) }
  }
  if (identity.kind === 'object') return { kind: 'object', object: identity.object, locate }
  return parseDeclaration(identity.info, document, locate)
}

function parseDeclaration(
  info: DeclarationInfo,
  document: Written,
  locate: Locate,
): Document | { readonly problems: readonly Problem[] } {
  const stored = normalise(info.kind, document.value, path => document.source(path))
  const problems = checkDeclaration(info, stored).map(({ part, ...problem }) => ({
    place: document.place(parseFieldPath(problem.field), part),
    ...problem,
  }))
  if (problems.length > 0) return { problems: onceEach(problems).sort((a, b) => compare(a.place, b.place)) }
  const { status: _ignored, ...declaration } = stored as Declaration & { readonly status?: unknown }
  return { kind: 'declaration', declaration: declaration as Declaration, locate }
}

/** `workers: 0` is wrong twice, as min and as max, but was typed once. */
const onceEach = <P extends Problem & { readonly place: SourcePlace }>(problems: readonly P[]): P[] => {
  const same = (a: P, b: P): boolean =>
    compare(a.place, b.place) === 0 && a.what === b.what && a.why === b.why && a.fix === b.fix
  return problems.filter((problem, i) => problems.findIndex(other => same(other, problem)) === i)
}

/** In the order in which one reads. */
const compare = (a: SourcePlace, b: SourcePlace): number => a.line - b.line || a.column - b.column
