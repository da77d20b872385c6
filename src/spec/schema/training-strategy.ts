/** What may be fixed of a training strategy besides the degrees, and what the planner must know to choose the rest. */
import type { StructuralSchema } from '../../kube/schema.ts'
import { flag, integer, list, number, oneOf, record } from './words.ts'

const count = (description: string): StructuralSchema => integer(description, { minimum: 1 })

export const trainingData = record(
  'What a step reads.',
  {
    sequenceLength: count('Tokens of a sequence.'),
    globalBatch: count('Sequences of one step, over all ranks.'),
    tokens: integer('Tokens of the whole training.', { minimum: 1, format: 'int64' }),
  },
  ['sequenceLength', 'globalBatch'],
)

/** What changes the result: chosen from among what is listed, never beyond. */
export const resultFields: Readonly<Record<string, StructuralSchema>> = {
  precision: list(
    "Formats of the layers' matrix products that may be chosen from. Only bf16 unless given, since others change the result.",
    oneOf('One format.', ['fp32', 'fp16', 'bf16', 'fp8', 'fp8-block', 'mxfp8', 'nvfp4']),
    { minItems: 1 },
  ),
  optimizer: record('The optimizer, for the memory of its states.', {
    name: oneOf('Its name. Adam unless given.', ['adam', 'adam-8bit', 'adam-bf16', 'muon', 'sgd']),
    stateBytes: integer('Bytes of states and master copy a parameter, where the name does not tell.', { minimum: 0 }),
  }),
  allow: list(
    'Changes of the result that may be chosen because they are faster. None unless given.',
    oneOf('One change.', ['tokenDropping', 'batchChange']),
  ),
  expertImbalance: number('Tokens of the most loaded expert over the mean. 1 unless given: balanced.', { minimum: 1 }),
}

/** One field a choice of the planner's. */
export const strategyFields: Readonly<Record<string, StructuralSchema>> = {
  microBatch: count('Sequences that a rank works on at once. Planned unless given.'),
  schedule: oneOf('Order of forward and backward in a pipeline. Planned unless given.', [
    'gpipe',
    '1f1b',
    'interleaved',
    'zb-h1',
    'zb-h2',
    'zbv',
    'dualpipe',
    'dualpipev',
  ]),
  chunks: count('Chunks of layers that a pipeline rank holds. Planned unless given.'),
  stages: list(
    'Layers of each stage in the order in which a micro-batch passes them, pipeline x chunks of them. Planned unless given.',
    integer('Layers of one stage.', { minimum: 0 }),
    { minItems: 1 },
  ),
  sequenceParallel: flag('Whether tensor ranks share what lies between matrix products. Planned unless given.'),
  contextMethod: oneOf('How context ranks share attention. Planned unless given.', ['ring', 'ulysses']),
  zero: integer(
    'What data ranks share: 0 nothing, 1 optimizer states, 2 and gradients, 3 and parameters (FSDP). Planned unless given.',
    { minimum: 0, maximum: 3 },
  ),
  shardRanks: count('Ranks that share one copy of it: data x context, or a divisor (HSDP). Planned unless given.'),
  recompute: record(
    'What is computed again in the backward instead of being kept. Planned unless given.',
    {
      kind: oneOf('Nothing, whole layers, or the modules that are listed.', ['none', 'full', 'modules']),
      layers: count('With full, how many layers of each chunk. All unless given.'),
      modules: list(
        'With modules, which.',
        oneOf('One module, as Megatron-Core calls it.', [
          'core_attn',
          'layernorm',
          'mlp',
          'moe',
          'moe_act',
          'mla_up_proj',
          'shared_experts',
        ]),
        { minItems: 1 },
      ),
    },
    ['kind'],
  ),
  offload: oneOf('What waits in the memory of the host. Planned unless given.', ['none', 'optimizer', 'activations']),
  dispatcher: oneOf('How tokens reach their experts. Planned unless given.', [
    'allgather',
    'alltoall',
    'deepep',
    'hybridep',
  ]),
  software: record('What trains, since it decides what overlaps and what is fused.', {
    family: oneOf('The framework. Megatron unless given.', [
      'megatron',
      'nemo',
      'torchtitan',
      'fsdp',
      'deepspeed',
      'llm-foundry',
      'solvent',
      'other',
    ]),
    year: integer('Year of its release. A recent one unless given.', { minimum: 2019, maximum: 2100 }),
  }),
}
