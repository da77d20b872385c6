/** Server-side apply of what files declare, in order, and what became of each object. `apply` and `run` share it. */

import type { HttpApi } from '../client/http-api.ts'
import { FIELD_MANAGER } from '../kube/names.ts'
import { type KubeObject, refOf, type UnknownObject } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'
import { API_VERSION, type Declaration } from '../spec/kinds.ts'
import { EXIT, Exit } from './exit.ts'
import type { Target } from './target.ts'

export type Outcome = 'created' | 'configured' | 'unchanged'

export interface Applied {
  readonly object: UnknownObject
  readonly outcome: Outcome
}

export interface ApplyChoice {
  readonly dryRun?: boolean
  readonly force?: boolean
}

export async function applyObject(api: HttpApi, object: KubeObject, { dryRun, force }: ApplyChoice): Promise<Applied> {
  const before = await api.get(refOf(object)).catch(error => {
    if (isApiError(error, 'NotFound')) return undefined
    throw error
  })
  try {
    const after = await api.apply(object, { fieldManager: FIELD_MANAGER, dryRun, force })
    return { object: after, outcome: outcomeOf(before, after, dryRun) }
  } catch (error) {
    throw isApiError(error, 'Conflict') ? conflict(error.message) : error
  }
}

function outcomeOf(before: UnknownObject | undefined, after: UnknownObject, dryRun: boolean | undefined): Outcome {
  if (!before) return 'created'
  const same = before.metadata.resourceVersion === after.metadata.resourceVersion
  // A dry run stores nothing, so the version says nothing: what would be stored is compared.
  if (dryRun) return sameContent(before, after) ? 'unchanged' : 'configured'
  return same ? 'unchanged' : 'configured'
}

function sameContent(a: UnknownObject, b: UnknownObject): boolean {
  const content = ({ metadata, ...rest }: UnknownObject): string => {
    const { managedFields: _m, resourceVersion: _r, generation: _g, ...kept } = metadata
    return JSON.stringify([rest, kept])
  }
  return content(a) === content(b)
}

const conflict = (message: string): Exit =>
  new Exit(EXIT.error, `${message}\nTo take these fields over: --force-conflicts`)

/** The ConfigMap of the code first, since its job starts at once. The controller gives it to the job, to go when the job goes. */
export async function applyDeclaration(
  api: HttpApi,
  declaration: Declaration,
  code: KubeObject | undefined,
  choice: ApplyChoice,
): Promise<readonly Applied[]> {
  const map = code ? [await applyObject(api, code, choice)] : []
  return [...map, await applyObject(api, declaration, choice)]
}

/** The embedded cluster answers before it has all of its kinds, so that it answers early. */
const KINDS_WITHIN_MS = 10_000
const LOOK_EVERY_MS = 20

/** Whether our kinds are served, so that a controller of ours plans and compiles. In the embedded cluster they are, or will be at once. */
export async function hasOperator({ api, embedded }: Pick<Target, 'api' | 'embedded'>): Promise<boolean> {
  const giveUp = performance.now() + (embedded ? KINDS_WITHIN_MS : 0)
  for (;;) {
    try {
      await api.discovery.kind(API_VERSION, 'BatchJob')
      return true
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error
      if (performance.now() >= giveUp) return false
    }
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
