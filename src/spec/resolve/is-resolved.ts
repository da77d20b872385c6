/**
 * A declaration that reached the API without the command line (kubectl, some other client) may name relative paths, or modules that
 * nobody bundled. The cluster cannot know either; this says what to do instead.
 */
import type { Problem } from '../../base/problem.ts'
import type { Declaration } from '../kinds.ts'
import { isFileUri } from './file-uri.ts'
import { type PathField, pathsOf } from './paths.ts'

const FIX = 'Submit the file with: solvent apply -f FILE'

/** Empty when controllers can work with it. */
export function unresolved(declaration: Declaration): readonly Problem[] {
  const paths = pathsOf(declaration)
  const relative = paths.filter(path => !isAbsolute(path))
  const unbundled = hasCode(declaration) ? [] : paths.filter(path => path.role === 'module' && isAbsolute(path))
  return [...relative.map(relativePath), ...unbundled.map(noCode), ...noConfig(declaration)]
}

export const isResolved = (declaration: Declaration): boolean => unresolved(declaration).length === 0

const isAbsolute = ({ value, role }: PathField): boolean =>
  role === 'folder' ? value.startsWith('/') : isFileUri(value)

const hasCode = (declaration: Declaration): boolean => 'code' in declaration.spec && declaration.spec.code !== undefined

/** The planner reads no disk: the config.json must stand in the declaration. */
function noConfig({ kind, spec }: Declaration): readonly Problem[] {
  const { file, config } = (kind === 'TrainingJob' && spec.model?.huggingface) || {}
  if (file === undefined || config !== undefined || !isFileUri(file)) return []
  const why = 'what it holds is not in the declaration: spec.model.huggingface.config is missing'
  return [{ field: 'spec.model.huggingface.file', what: `is ${JSON.stringify(file)}`, why, fix: FIX }]
}

const relativePath = ({ field, value }: PathField): Problem => ({
  field,
  what: `is ${JSON.stringify(value)}`,
  why: 'a path is relative to the YAML file, whose folder the cluster does not know',
  fix: FIX,
})

const noCode = ({ field, value }: PathField): Problem => ({
  field,
  what: `is ${JSON.stringify(value)}`,
  why: 'its code is not in the cluster: spec.code is missing',
  fix: FIX,
})
