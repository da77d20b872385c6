/** Whether an object has come to its end and will not change any more by itself. */
import type { Pod } from '../kube/core.ts'
import type { Condition, UnknownObject } from '../kube/object.ts'
import { API_VERSION } from '../spec/kinds.ts'

interface Ending {
  readonly phase?: string
  readonly conditions?: readonly Condition[]
}

const isTrue = ({ status }: Condition): boolean => status === 'True'

export function isFinished(object: UnknownObject): boolean {
  const status = (object.status ?? {}) as Ending
  if (object.kind === 'Pod' && object.apiVersion === 'v1') {
    const { phase } = (object as unknown as Pod).status ?? {}
    return phase === 'Succeeded' || phase === 'Failed'
  }
  if (object.kind === 'Job' || object.apiVersion === API_VERSION) {
    return (status.conditions ?? []).some(each => (each.type === 'Complete' || each.type === 'Failed') && isTrue(each))
  }
  return false
}
