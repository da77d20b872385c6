/** A pod as its worker has it, for the parts that act on its containers. */
import type { Pod } from '../../kube/core.ts'
import type { Place } from './surroundings.ts'

export interface PodContext {
  readonly pod: () => Pod
  readonly place: () => Place | undefined
  readonly hasLeft: () => boolean
  /** Something of it has changed: decide anew. */
  readonly sync: () => void
}
