/** Quantities by the name of a resource (`cpu`, `count/pods`): upstream's ResourceList, in numbers that can be added. */
import { addQuantities, compareQuantities, formatQuantity, parseQuantity, type Quantity } from '../quantity.ts'

export type Amounts = ReadonlyMap<string, Quantity>
export type AmountList = Readonly<Record<string, string | number>>

export const NOTHING: Amounts = new Map()

/** What is no quantity is left out: validation has refused it. */
export function amountsOf(list: AmountList | undefined): Amounts {
  return new Map(
    Object.entries(list ?? {}).flatMap(([name, text]) => {
      const quantity = parseQuantity(text)
      return quantity ? [[name, quantity] as const] : []
    }),
  )
}

function combined(a: Amounts, b: Amounts, join: (x: Quantity, y: Quantity) => Quantity): Amounts {
  if (b.size === 0) return a
  const sum = new Map(a)
  for (const [name, quantity] of b) {
    const there = sum.get(name)
    sum.set(name, there ? join(there, quantity) : quantity)
  }
  return sum
}

export const plus = (a: Amounts, b: Amounts): Amounts => combined(a, b, addQuantities)
export const larger = (a: Amounts, b: Amounts): Amounts =>
  combined(a, b, (x, y) => (compareQuantities(x, y) >= 0 ? x : y))
export const minus = (a: Amounts, b: Amounts): Amounts => plus(a, negated(b))

const negated = (a: Amounts): Amounts =>
  new Map([...a].map(([name, { nanos, format }]) => [name, { nanos: -nanos, format }]))

export const only = (a: Amounts, keep: (name: string, quantity: Quantity) => boolean): Amounts =>
  new Map([...a].filter(([name, quantity]) => keep(name, quantity)))

export const toList = (a: Amounts): Record<string, string> =>
  Object.fromEntries([...a].map(([name, quantity]) => [name, formatQuantity(quantity)]))
