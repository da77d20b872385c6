/** Conflicts between managers, in the words in which upstream answers them (apimachinery's managedfields/internal/conflict.go). */
import { type ApiError, apiError } from '../status.ts'
import type { Manager } from './managed-fields.ts'

export interface Conflict {
  readonly owner: Manager
  /** `.spec.replicas`. */
  readonly path: string
}

/** The 409 with a cause for each field. */
export function applyConflict(conflicts: readonly Conflict[]): ApiError {
  return apiError('Conflict', messageOf(conflicts), {
    causes: conflicts.map(({ owner, path }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${nameOf(owner)}`,
      field: path,
    })),
  })
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first] = conflicts
  if (conflicts.length === 1)
    return `Apply failed with 1 conflict: conflict with ${nameOf(first!.owner)}: ${first!.path}`
  const owners = [...new Set(conflicts.map(({ owner }) => nameOf(owner)))].sort()
  const lines = owners.flatMap(name => [
    `conflicts with ${name}:`,
    ...conflicts.filter(({ owner }) => nameOf(owner) === name).map(({ path }) => `- ${path}`),
  ])
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
}

function nameOf({ manager, operation, apiVersion, subresource }: Manager): string {
  const by = `"${manager}"${subresource === '' ? '' : ` with subresource "${subresource}"`}`
  return operation === 'Update' ? `${by} using ${apiVersion}` : by
}
