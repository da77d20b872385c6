/** How the tables of functions under `library/` are written, and the whole of them by name. */
import { type CelType, parseType } from './types.ts'
import type { CelValue } from './values.ts'

export interface Overload {
  readonly name: string
  /** Called as `a.f(b)`; the first parameter is what stands before the dot. */
  readonly isMember: boolean
  readonly params: readonly CelType[]
  readonly result: CelType
  readonly call: (...args: CelValue[]) => CelValue
  /** What a call costs beyond one step: with the size of what it walks over. */
  readonly cost?: ((...args: CelValue[]) => number) | undefined
}

type Call = (...args: never[]) => CelValue
type Cost = (...args: CelValue[]) => number

export const fn = (name: string, params: readonly string[], result: string, call: Call, cost?: Cost): Overload => ({
  name,
  isMember: false,
  params: params.map(parseType),
  result: parseType(result),
  call: call as unknown as Overload['call'],
  cost,
})

export const method = (
  name: string,
  target: string,
  params: readonly string[],
  result: string,
  call: Call,
  cost?: Cost,
): Overload => ({ ...fn(name, [target, ...params], result, call, cost), isMember: true })

export type Functions = ReadonlyMap<string, readonly Overload[]>

export function functionsOf(...tables: readonly (readonly Overload[])[]): Functions {
  const byName = new Map<string, Overload[]>()
  for (const overload of tables.flat()) {
    const known = byName.get(overload.name)
    if (known) known.push(overload)
    else byName.set(overload.name, [overload])
  }
  return byName
}
