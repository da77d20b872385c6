/** `solvent wait`: until a condition, a field's value, existence or absence holds for all that was named. Exit code 124 when it does not. */
import type { KubeApi } from '../../client/kube-api.ts'
import { apiVersionOf, type KindInfo } from '../../kube/kinds.ts'
import type { Condition, UnknownObject } from '../../kube/object.ts'
import { type Chosen, chosenFrom, fetchChosen } from '../chosen.ts'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { jsonPathValues, textOf } from '../json-path.ts'
import { statesOf } from '../object-states.ts'
import { qualifiedName } from '../resources.ts'
import { openTarget } from '../target.ts'

export interface Goal {
  /** As it reads in the answer: `condition`. */
  readonly met: (object: UnknownObject | undefined) => boolean
  readonly told: string
}

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const goal = goalFrom(flags.text('for'))
  const target = await openTarget(invocation)
  const stop = new AbortController()
  const seconds = flags.seconds('timeout', 30)
  const timer = Number.isFinite(seconds) ? setTimeout(() => stop.abort(), seconds * 1000) : undefined
  const waiting = await itemsOf(target, await chosenFrom(target, args, flags), flags, goal)
  const late: string[] = []
  await Promise.all(
    waiting.map(async item => {
      const name = qualifiedName(item.kind, item.name)
      if (await waitFor(target.api, item, goal, stop.signal)) terminal.print(`${name} ${goal.told}`)
      else late.push(name)
    }),
  )
  clearTimeout(timer)
  target.api.close()
  if (late.length > 0) throw new Exit(EXIT.timeout, `timed out after ${seconds} s waiting for ${late.join(', ')}`)
  return EXIT.ok
}

interface Item {
  readonly kind: KindInfo
  readonly namespace: string | undefined
  readonly name: string
}

async function itemsOf(
  target: Parameters<typeof fetchChosen>[0],
  chosen: readonly Chosen[],
  flags: Invocation['flags'],
  goal: Goal,
): Promise<readonly Item[]> {
  const items: Item[] = []
  for (const each of chosen) {
    if (each.names.length > 0) items.push(...each.names.map(name => ({ ...each, name })))
    else {
      if (!flags.has('selector') && !flags.on('all')) throw usageError('say which: names, a selector (-l) or --all')
      const found = await fetchChosen(target, each, flags)
      items.push(
        ...found.map(({ metadata }) => ({ kind: each.kind, namespace: metadata.namespace, name: metadata.name ?? '' })),
      )
    }
  }
  if (items.length === 0 && goal.told !== 'deleted') throw new Exit(EXIT.error, 'no matching resources found')
  return items
}

/** False when `signal` ended it. */
export async function waitFor(api: KubeApi, item: Item, goal: Goal, signal: AbortSignal): Promise<boolean> {
  const { kind, namespace, name } = item
  const ref = { apiVersion: apiVersionOf(kind), kind: kind.kind, ...(kind.namespaced ? { namespace } : {}), name }
  for await (const state of statesOf(api, ref, signal)) {
    if (goal.met(state)) return true
    if (!state && goal.told !== 'created') throw notFound(item)
  }
  return false
}

const notFound = ({ kind, name }: Item): Exit => new Exit(EXIT.error, `${kind.plural} "${name}" not found`)

export function goalFrom(text: string | undefined): Goal {
  if (!text)
    throw usageError('say for what: --for=condition=Ready, --for=delete or --for=jsonpath={.status.phase}=Running')
  if (text === 'delete') return { met: object => object === undefined, told: 'deleted' }
  if (text === 'create') return { met: object => object !== undefined, told: 'created' }
  const condition = /^condition=([^=]+)(?:=(.*))?$/i.exec(text)
  if (condition) return conditionGoal(condition[1]!, condition[2] ?? 'True')
  const path = /^jsonpath=(?:'(.*)'|(\{.*\})|([^=]*))(?:=(.*))?$/s.exec(text)
  if (path) return pathGoal(path[1] ?? path[2] ?? path[3] ?? '', path[4])
  throw usageError(
    `--for does not take "${text}": it takes condition=NAME[=VALUE], jsonpath={PATH}[=VALUE], create or delete`,
  )
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

function conditionGoal(type: string, wanted: string): Goal {
  const met = (object: UnknownObject | undefined): boolean => {
    const status = object?.status as {
      readonly conditions?: readonly Condition[]
      readonly observedGeneration?: number
    }
    const condition = status?.conditions?.find(each => same(each.type, type))
    // A condition about an older declaration says nothing about this one.
    const observed = condition?.observedGeneration ?? status?.observedGeneration
    const stale = observed !== undefined && observed < (object?.metadata.generation ?? 0)
    return condition !== undefined && !stale && same(condition.status, wanted)
  }
  return { met, told: 'condition met' }
}

function pathGoal(path: string, wanted: string | undefined): Goal {
  jsonPathValues({}, path)
  const value = wanted?.replace(/^(['"])(.*)\1$/, '$2')
  const met = (object: UnknownObject | undefined): boolean => {
    const found = jsonPathValues(object, path)
    return value === undefined ? found.length > 0 : found.length === 1 && textOf(found[0]) === value
  }
  return { met, told: 'condition met' }
}
