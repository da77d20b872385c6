/**
 * Writing our part of a status. The coordinator writes its part of the same status meanwhile, so we patch only our fields, and only on top
 * of the version that we decided on: a list of conditions is written as a whole.
 */
import { formatProblem, type Problem } from '../../base/problem.ts'
import { isSame } from '../../kube/equal.ts'
import { type KubeObject, refOf } from '../../kube/object.ts'
import type { Action } from '../runtime/action.ts'

type WithStatus = KubeObject & { readonly status?: object }

/** Nothing when all of it is said already. `undefined` takes a field away. */
export function patchStatus(object: WithStatus, fields: Readonly<Record<string, unknown>>): readonly Action[] {
  const status = (object.status ?? {}) as Readonly<Record<string, unknown>>
  const changed = Object.entries(fields).filter(([name, value]) => !isSame(value, status[name]))
  if (changed.length === 0) return []
  const { resourceVersion, uid } = object.metadata
  const patch = {
    metadata: { resourceVersion, uid },
    status: Object.fromEntries(changed.map(([name, value]) => [name, value ?? null])),
  }
  return [{ kind: 'patch', ref: refOf(object), type: 'merge', patch, subresource: 'status' }]
}

export const sentences = (problems: readonly Problem[]): string => problems.map(formatProblem).join('\n')
