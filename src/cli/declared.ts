/**
 * Files to what will be applied: parsed, checked, paths made absolute, namespaces filled in, a model's config.json read, user code bundled
 * into a ConfigMap. All problems of all files are told at once.
 */
import { dirname, resolve } from 'node:path'
import type { Problem } from '../base/problem.ts'
import type { ConfigMap } from '../kube/core.ts'
import type { UnknownObject } from '../kube/object.ts'
import type { Declaration } from '../spec/kinds.ts'
import { parseSpec } from '../spec/parse/parse-spec.ts'
import { resolvePaths } from '../spec/resolve/resolve.ts'
import type { Locate } from './code/bundle.ts'
import { withCode } from './code/code-map.ts'
import { exitWithProblems } from './exit.ts'
import { withModelConfig } from './model-config.ts'
import type { Source } from './sources.ts'

export type Item =
  | {
      readonly kind: 'declaration'
      /** Paths absolute; `spec.code` names `code`. */
      readonly declaration: Declaration
      readonly code: ConfigMap | undefined
      readonly locate: Locate
    }
  | { readonly kind: 'object'; readonly object: UnknownObject }

export interface DeclaredOptions {
  /** For objects that name none. */
  readonly namespace: string
  /** `-n` was typed: an object that names another one is a mistake, as in kubectl. */
  readonly insist: boolean
}

export async function declaredIn(sources: readonly Source[], options: DeclaredOptions): Promise<readonly Item[]> {
  const items: Item[] = []
  const problems: Problem[] = []
  for (const { file, text } of sources) {
    const parsed = parseSpec(text, { file })
    if (!parsed.ok) {
      problems.push(...parsed.problems)
      continue
    }
    const folder = file === 'stdin' ? process.cwd() : dirname(resolve(file))
    for (const document of parsed.value) {
      const stray = strayNamespace(document, options)
      if (stray) problems.push(stray)
      else if (document.kind === 'object') items.push({ kind: 'object', object: document.object })
      else {
        const resolved = resolvePaths(inNamespace(document.declaration, options.namespace), folder)
        const whole = withModelConfig(resolved, document.locate)
        const coded = whole.ok ? await withCode(whole.value, document.locate) : whole
        if (coded.ok) items.push({ kind: 'declaration', ...coded.value, locate: document.locate })
        else problems.push(...coded.problems)
      }
    }
  }
  if (problems.length > 0) throw exitWithProblems(problems)
  return [...items.filter(isFleet), ...items.filter(item => !isFleet(item))]
}

/** A Fleet goes before the jobs that are planned for it, wherever it stands in the file. */
const isFleet = (item: Item): boolean => item.kind === 'declaration' && item.declaration.kind === 'Fleet'

const inNamespace = <T extends Declaration>(declaration: T, namespace: string): T => ({
  ...declaration,
  metadata: { namespace, ...declaration.metadata },
})

function strayNamespace(
  document: { readonly locate: Locate } & (
    | { readonly kind: 'declaration'; readonly declaration: Declaration }
    | { readonly kind: 'object'; readonly object: UnknownObject }
  ),
  { namespace, insist }: DeclaredOptions,
): Problem | undefined {
  const own = (document.kind === 'object' ? document.object : document.declaration).metadata.namespace
  if (!insist || own === undefined || own === namespace) return undefined
  return {
    place: document.locate('metadata.namespace'),
    field: 'metadata.namespace',
    what: `is "${own}"`,
    why: `--namespace is "${namespace}"`,
    fix: 'Leave one of them out.',
  }
}
