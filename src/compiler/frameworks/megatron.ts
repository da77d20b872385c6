/**
 * Megatron-LM arguments (`megatron/training/arguments.py`, shipped in megatron-core 0.19): a bash array, as Megatron's own examples have
 * them, to be put before the user's own arguments (data, tokenizer, learning rate, checkpoints).
 */
import type { Result } from '../../base/problem.ts'
import { assemble, cannot, type EmissionInput, type Emitted, type Piece, placementNote, torchrun } from './emission.ts'
import { type Arguments, flag, given } from './megatron-arguments.ts'
import { modelArguments } from './megatron-model.ts'
import { pipelineArguments } from './megatron-pipeline.ts'

export function emitMegatron(input: EmissionInput): Result<Emitted> {
  const groups: readonly (readonly [string, Piece<Arguments>])[] = [
    ['parallelism', parallelism(input)],
    ['pipeline', pipelineArguments(input)],
    ['batch', batch(input)],
    ['data parallelism', sharding(input)],
    ['recompute and offload', memory(input)],
    ['precision', precision(input)],
    ['optimizer', optimizer(input)],
    ['experts', dispatch(input)],
    ['kernels and overlap', features(input)],
    ['model', modelArguments(input)],
  ]
  return assemble(
    groups.map(([, piece]) => piece),
    () => ({ file: 'megatron-args.sh', text: script(input, groups) }),
    ['Yours to add: data, tokenizer, learning rate, iterations, checkpoints'],
  )
}

function script(input: EmissionInput, groups: readonly (readonly [string, Piece<Arguments>])[]): string {
  const isHybrid = groups.some(([, { value }]) => value.some(([name]) => name === '--hybrid-layer-pattern'))
  const program = isHybrid ? 'pretrain_hybrid.py' : 'pretrain_gpt.py'
  return [
    `# The plan of ${input.name} for Megatron-LM (megatron-core 0.19). Made by \`solvent compile --for megatron\`.`,
    '# source megatron-args.sh',
    `# ${torchrun(input, program)} "\${PLAN[@]}" …`,
    ...environment(input).map(([name, value]) => `export ${name}=${value}`),
    'PLAN=(',
    ...groups.flatMap(([title, { value }]) =>
      value.length === 0
        ? []
        : [`  # ${title}`, ...value.map(([name, ...values]) => `  ${[name, ...values.map(quoted)].join(' ')}`)],
    ),
    ')',
    '',
  ].join('\n')
}

/** Tensor and context parallelism want one hardware queue on Hopper and before; FSDP must not have it (`validate_args`). */
const environment = ({ layout }: EmissionInput): readonly (readonly [string, string])[] =>
  layout.zero < 2 && (layout.tensor > 1 || layout.context > 1) ? [['CUDA_DEVICE_MAX_CONNECTIONS', '1']] : []

const quoted = (value: string): string => (/^[\w.,:/=+-]+$/.test(value) ? value : `'${value}'`)

function parallelism(input: EmissionInput): Piece<Arguments> {
  const { layout } = input
  return {
    value: [
      given('tensor-model-parallel-size', layout.tensor),
      ...flag('sequence-parallel', layout.sequenceParallel && layout.tensor > 1),
      given('context-parallel-size', layout.context),
      ...(layout.context > 1 ? [given('cp-comm-type', layout.contextMethod === 'ring' ? 'p2p' : 'a2a')] : []),
      given('pipeline-model-parallel-size', layout.pipeline),
      ...(layout.expert > 1 || layout.expertTensor !== layout.tensor
        ? [
            given('expert-model-parallel-size', layout.expert),
            given('expert-tensor-parallel-size', layout.expertTensor),
          ]
        : []),
    ],
    notes: placementNote(input),
  }
}

const batch = ({ layout, workload }: EmissionInput): Piece<Arguments> => ({
  value: [
    given('micro-batch-size', layout.microBatch),
    given('global-batch-size', workload.globalBatch),
    given('seq-length', workload.sequence),
  ],
})

function sharding({ layout, software }: EmissionInput): Piece<Arguments> {
  const { zero, data, context, shardRanks } = layout
  const copies = (data * context) / shardRanks
  const overlaps = software?.features.overlapGradients ?? true
  const gathers = software?.features.overlapParameters ?? true
  const distributed: Arguments = [
    ...flag('use-distributed-optimizer', zero > 0),
    ...flag('overlap-grad-reduce', overlaps),
    ...flag('overlap-param-gather', zero > 0 && overlaps && gathers),
    ...(zero > 0 && copies > 1 ? [given('num-distributed-optimizer-instances', copies)] : []),
  ]
  if (zero < 2) return { value: distributed }
  return {
    value: [
      ...distributed,
      flagOf('use-megatron-fsdp'),
      given('data-parallel-sharding-strategy', zero === 2 ? 'optim_grads' : 'optim_grads_params'),
      given('ckpt-format', 'fsdp_dtensor'),
    ],
  }
}

const flagOf = (name: string): readonly [string] => [`--${name}`]

function memory({ layout, model }: EmissionInput): Piece<Arguments> {
  const { recompute, offload } = layout
  const perStage = Math.max(...layout.stages)
  const recomputed = ((): Arguments => {
    switch (recompute.kind) {
      case 'none':
        return []
      case 'modules':
        return [given('recompute-granularity', 'selective'), ['--recompute-modules', ...recompute.modules]]
      case 'full': {
        const layers = recompute.layers ?? perStage
        const every = layers >= perStage
        return [
          given('recompute-granularity', 'full'),
          given('recompute-method', every ? 'uniform' : 'block'),
          given('recompute-num-layers', every ? 1 : layers),
        ]
      }
    }
  })()
  const offloaded: Arguments =
    offload === 'optimizer'
      ? [flagOf('optimizer-cpu-offload'), flagOf('overlap-cpu-optimizer-d2h-h2d')]
      : offload === 'activations'
        ? [given('cpu-offloading-num-layers', Math.max(1, Math.min(perStage, model.layers.length - 1)))]
        : []
  return {
    value: [...recomputed, ...offloaded],
    problems:
      offload === 'activations' && (layout.pipeline > 1 || recompute.kind !== 'none')
        ? [
            cannot(
              'spec.offload',
              'is activations',
              'Megatron-LM offloads activations only without pipeline stages and recompute',
              'Use offload: none.',
            ),
          ]
        : [],
  }
}

function precision({ workload }: EmissionInput): Piece<Arguments> {
  const { gemm, base, fp8Scaling, fp8Parameters, gradientBytes } = workload.precision
  const scaled = fp8Scaling ?? (gemm === 'mxfp8' ? 'mx' : 'tensor')
  const recipe = { tensor: 'tensorwise', block: 'blockwise', mx: 'mxfp8' }[scaled]
  return {
    value: [
      ...flag(base, base !== 'fp32'),
      ...(gemm === 'fp8' || gemm === 'mxfp8'
        ? [
            given('fp8-format', 'hybrid'),
            given('fp8-recipe', recipe),
            ...flag('fp8-param-gather', fp8Parameters === true),
          ]
        : []),
      ...(gemm === 'nvfp4' ? [given('fp4-format', 'e2m1'), given('fp4-recipe', 'nvfp4')] : []),
      ...(base === 'fp32'
        ? []
        : [flagOf(gradientBytes === 2 ? 'grad-reduce-in-bf16' : 'accumulate-allreduce-grads-in-fp32')]),
    ],
  }
}

/** Parameters in fp32 are their own master copy; otherwise it takes 4 of the bytes, and the moments the rest. */
function optimizer({ workload, layout }: EmissionInput): Piece<Arguments> {
  const { name, stateBytes } = workload.optimizer
  const other = /^(sgd|muon)$/i.exec(name)?.[1]?.toLowerCase()
  const momentBytes = stateBytes - (workload.precision.base === 'fp32' ? 0 : 4)
  const format = other ? undefined : MOMENT_FORMATS[momentBytes]
  const aware = layout.offload === 'optimizer' || format !== undefined
  const isKnown = other !== undefined || /^adam/i.test(name)
  return {
    value: [
      given('optimizer', other ?? 'adam'),
      ...flag('use-precision-aware-optimizer', aware),
      ...(format ? [given('exp-avg-dtype', format), given('exp-avg-sq-dtype', format)] : []),
    ],
    notes: [
      ...(isKnown ? [] : [`Megatron-LM has no optimizer ${name}: Adam stands in its place`]),
      ...(other || format || momentBytes === 8
        ? []
        : [`Moments of ${momentBytes} bytes a parameter are kept in fp32 (8 bytes)`]),
    ],
    problems:
      aware && layout.zero === 0
        ? [
            cannot(
              'spec.zero',
              'is 0',
              'Megatron-LM keeps small or offloaded optimizer states only in its distributed optimizer',
              'Use zero: 1.',
            ),
          ]
        : [],
  }
}

/** Both moments together, bytes a parameter. */
const MOMENT_FORMATS: Readonly<Record<number, string>> = { 4: 'bf16', 2: 'fp8' }

function dispatch({ model, layout, software }: EmissionInput): Piece<Arguments> {
  if (!model.shapes.some(({ mlp }) => mlp?.kind === 'experts')) return { value: [] }
  const { features } = software ?? {}
  const isFlex = layout.dispatcher === 'deepep' || layout.dispatcher === 'hybridep'
  const wantsOverlap = layout.expert > 1 && features?.overlapExpert === true
  const overlaps = wantsOverlap && canOverlapExperts(layout)
  return {
    value: [
      given('moe-token-dispatcher-type', isFlex ? 'flex' : layout.dispatcher),
      ...(isFlex ? [given('moe-flex-dispatcher-backend', layout.dispatcher)] : []),
      flagOf('moe-grouped-gemm'),
      ...flag('moe-router-fusion', features?.fusedRouter),
      ...flag('moe-permute-fusion', features?.fusedPermute),
      ...flag('overlap-moe-expert-parallel-comm', overlaps),
      ...flag('delay-wgrad-compute', overlaps && features?.delayWeightGradient),
    ],
    notes: [
      ...(layout.dispatcher === 'hybridep' ? ['HybridEP needs the DeepEP package built with it'] : []),
      ...(wantsOverlap && !overlaps
        ? [
            'The dispatch does not hide behind another micro-batch: that wants chunks, tokens by all-to-all and no layer recomputed whole',
          ]
        : []),
    ],
  }
}

/** As `TransformerConfig` asks for `overlap_moe_expert_parallel_comm`. */
function canOverlapExperts({ pipeline, chunks, dispatcher, recompute }: EmissionInput['layout']): boolean {
  const replaysExperts =
    recompute.kind === 'full' || (recompute.kind === 'modules' && recompute.modules.includes('moe'))
  return (pipeline === 1 || chunks > 1) && dispatcher !== 'allgather' && !replaysExperts
}

function features({ software, layout }: EmissionInput): Piece<Arguments> {
  const { features } = software ?? {}
  return {
    value: [
      given('attention-backend', features?.flashAttention === false ? 'unfused' : 'flash'),
      ...flag('cross-entropy-loss-fusion', features?.fusedCrossEntropy),
      ...flag('tp-comm-overlap', features?.overlapTensor && layout.tensor > 1 && layout.sequenceParallel),
      ...(features?.cudaGraphs ? [given('cuda-graph-impl', 'local')] : []),
    ],
  }
}
