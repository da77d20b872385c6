/** How many simulated nodes are wanted and of what size: `1000` or `100:cpu=8,memory=32Gi,nvidia.com/gpu=4`. */
import { fail, ok, type Result } from '../../base/problem.ts'
import type { ResourceList } from '../../kube/core.ts'
import { parseQuantity } from '../../kube/quantity.ts'

export interface WantedFakeNodes {
  readonly count: number
  readonly capacity: ResourceList
}

const MOST = 100_000
const EXAMPLE = 'Say a number, and after a colon what each has: 100:cpu=8,memory=32Gi.'

export function parseFakeNodes(text: string): Result<WantedFakeNodes> {
  const [, digits = '', list = ''] = /^(\d+)(?::(.*))?$/s.exec(text) ?? []
  const count = Number(digits)
  const refused = (why: string) => fail({ field: '--fake-nodes', what: `is "${text}"`, why, fix: EXAMPLE })
  if (digits === '') return refused('it does not begin with a number of nodes')
  if (count > MOST) return refused(`more than ${MOST} nodes are not simulated`)
  const capacity: Record<string, string> = {}
  for (const part of list === '' ? [] : list.split(',')) {
    const [name = '', amount = ''] = part.split('=')
    if (name === '' || parseQuantity(amount) === undefined) return refused(`"${part}" is not RESOURCE=QUANTITY`)
    capacity[name] = amount
  }
  return ok({ count, capacity })
}
