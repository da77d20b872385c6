/**
 * What each framework can run, from its documentation: the search proposes nothing that the training program would refuse. Megatron-LM has
 * no zero-bubble schedules in its main branch; torchtitan runs the tables of torch.distributed.pipelining; DeepSpeed's ZeRO 2 and 3 exclude
 * its pipelines, and FSDP has none. `other` is the program of one who takes the plan as a value: everything is possible.
 */
import { runsOn } from '../cost/collectives/dispatcher-support.ts'
import type { Family } from '../cost/software.ts'
import type { Device } from '../fleet/device.ts'
import type { Dispatcher, Layout, ScheduleName } from '../training/layout.ts'

export interface Abilities {
  readonly schedules: readonly ScheduleName[]
  readonly zero: readonly Layout['zero'][]
  /** Highest ZeRO stage beside a pipeline. */
  readonly zeroWithPipeline: Layout['zero']
  /** Shards narrower than the whole data axis (HSDP, several optimizer instances). */
  readonly partialShards: boolean
  readonly dispatchers: readonly Dispatcher[]
  readonly contextMethods: readonly Layout['contextMethod'][]
  readonly offloads: readonly Layout['offload'][]
  readonly recomputeModules: boolean
  readonly tensor: boolean
}

const ALL: Abilities = {
  schedules: ['gpipe', '1f1b', 'interleaved', 'zb-h1', 'zb-h2', 'zbv', 'dualpipe', 'dualpipev'],
  zero: [0, 1, 2, 3],
  zeroWithPipeline: 3,
  partialShards: true,
  dispatchers: ['allgather', 'alltoall', 'deepep', 'hybridep'],
  contextMethods: ['ring', 'ulysses'],
  offloads: ['none', 'optimizer'],
  recomputeModules: true,
  tensor: true,
}

const MEGATRON: Abilities = {
  ...ALL,
  schedules: ['1f1b', 'interleaved'],
  zero: [0, 1],
  zeroWithPipeline: 1,
  offloads: ['none', 'optimizer'],
}

const TORCHTITAN: Abilities = {
  ...ALL,
  schedules: ['gpipe', '1f1b', 'interleaved', 'zbv', 'dualpipev'],
  zero: [0, 3],
  dispatchers: ['alltoall', 'deepep'],
  contextMethods: ['ring'],
  offloads: ['none', 'optimizer'],
  recomputeModules: false,
}

const FSDP: Abilities = {
  ...TORCHTITAN,
  schedules: ['1f1b'],
  zero: [0, 2, 3],
  dispatchers: ['alltoall'],
  tensor: false,
}

const DEEPSPEED: Abilities = {
  ...ALL,
  schedules: ['1f1b'],
  zeroWithPipeline: 1,
  partialShards: false,
  dispatchers: ['alltoall'],
  contextMethods: ['ulysses'],
  recomputeModules: false,
}

/** Our own runtime on PyTorch (src/runtimes/torch): what torch.distributed.pipelining runs, DDP or FSDP2, rings of its own. */
const SOLVENT: Abilities = {
  ...ALL,
  schedules: ['gpipe', '1f1b', 'interleaved', 'zb-h1', 'zbv', 'dualpipev'],
  zero: [0, 3],
  dispatchers: ['allgather', 'alltoall'],
  contextMethods: ['ring'],
  offloads: ['none'],
  recomputeModules: false,
}

const OF_FAMILY: Readonly<Record<Family, Abilities>> = {
  megatron: MEGATRON,
  nemo: MEGATRON,
  torchtitan: TORCHTITAN,
  fsdp: FSDP,
  'llm-foundry': FSDP,
  solvent: SOLVENT,
  deepspeed: DEEPSPEED,
  other: ALL,
}

export const abilitiesOf = (family: Family): Abilities => OF_FAMILY[family]

/** As far as the device has the kernels. */
export function abilitiesOn(device: Device, family: Family): Abilities {
  const abilities = abilitiesOf(family)
  return { ...abilities, dispatchers: abilities.dispatchers.filter(dispatcher => runsOn(dispatcher, device)) }
}
