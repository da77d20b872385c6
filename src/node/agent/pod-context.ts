/** A pod as its worker has it, for the parts that act on its containers. */
import type { Container, Pod } from '../../kube/core.ts'
import type { Lookup } from '../env/references.ts'
import type { Place } from './surroundings.ts'

export interface PodContext {
  readonly pod: () => Pod
  readonly place: () => Place | undefined
  readonly hasLeft: () => boolean
  /** Something of it has changed: decide anew. */
  readonly sync: () => void
  /** A container lacks something that its variables refer to, which was as `known`: it is tried again when that changes. */
  readonly awaitConfig: (known: Lookup, container: Container) => void
}
