/** What was meant by a quantity that is none: `400 MB` is 400M, `2GiB` is 2Gi. */
import { parseQuantity } from '../../kube/quantity.ts'

export function nearQuantity(value: unknown): string | undefined {
  const tried = String(value)
    .replaceAll(' ', '')
    .replace(/^-/, '')
    .replace(/[Bb]$/, '')
    .replace(/g$/, 'G')
    .replace(/K$/, 'k')
  return tried !== value && parseQuantity(tried) ? tried : undefined
}
