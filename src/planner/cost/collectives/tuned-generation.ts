/** Whose constants of NCCL's model a device has; undefined where another library runs (RCCL, XLA), whose model is not known to us. */
import type { Device } from '../../fleet/device.ts'
import type { TunedGeneration } from './data/nccl-tables.ts'

const TUNED: readonly string[] = ['volta', 'ampere', 'hopper', 'blackwell'] satisfies readonly TunedGeneration[]

export const tunedGeneration = ({ generation }: Device): TunedGeneration | undefined =>
  TUNED.includes(generation) ? (generation as TunedGeneration) : undefined
