/**
 * What `run` does with an object of the same name. One that has finished makes way for the new run: its pods and plan are gone before the
 * new ones come. One that still runs is joined when it is the same, and left alone when it is not.
 */
import { refOf, type UnknownObject } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'
import type { Declaration } from '../spec/kinds.ts'
import type { Item } from './declared.ts'
import { EXIT, Exit } from './exit.ts'
import { isFinished } from './finished.ts'
import { statesOf } from './object-states.ts'
import type { Target } from './target.ts'
import type { Terminal } from './terminal.ts'

/** The running object, when there is one to join. */
export async function makeWay(target: Target, item: Item, terminal: Terminal): Promise<UnknownObject | undefined> {
  const wanted = item.kind === 'declaration' ? item.declaration : item.object
  if (!ends(wanted)) return undefined
  const { api, namespace } = target
  const ref = { namespace, ...refOf(wanted) }
  const present = await api.get(ref).catch(error => {
    if (isApiError(error, 'NotFound')) return undefined
    throw error
  })
  if (!present) return undefined
  const name = ref.name
  if (isFinished(present)) {
    terminal.note(`${name} has run before; that run is replaced`)
    await api.delete(ref, { propagationPolicy: 'Foreground' })
    await untilGone(target, present)
    return undefined
  }
  if (item.kind === 'declaration' && sameSpec(present, item.declaration)) {
    terminal.note(`${name} runs already; staying with it`)
    return present
  }
  throw new Exit(
    EXIT.error,
    `${name} still runs, and not as ${item.kind === 'declaration' ? 'this file declares it' : 'this file has it'}.\nEnd it first: solvent delete ${ref.kind.toLowerCase()}/${name}${target.repeat}`,
  )
}

/** Kinds that come to an end; others are simply applied over what is there. */
const ends = ({ kind }: Pick<UnknownObject, 'kind'>): boolean =>
  kind === 'BatchJob' || kind === 'TrainingJob' || kind === 'Job'

/** The server adds defaults to what was applied, so every declared field is looked up in what is there. */
function sameSpec(present: UnknownObject, declaration: Declaration): boolean {
  return holds(present.spec, declaration.spec)
}

function holds(present: unknown, declared: unknown): boolean {
  if (typeof declared !== 'object' || declared === null) return present === declared
  if (typeof present !== 'object' || present === null) return false
  return Object.entries(declared).every(([key, value]) => holds((present as Record<string, unknown>)[key], value))
}

async function untilGone({ api }: Target, object: UnknownObject): Promise<void> {
  const stop = new AbortController()
  for await (const state of statesOf(api, refOf(object), stop.signal)) {
    if (state?.metadata.uid !== object.metadata.uid) return
  }
}
