/**
 * The model in Megatron-LM's arguments: sizes, from `ModelSpec`; what costs no time but makes the model what it is (rotary base, epsilon,
 * scores of the router), from its config.json where that is at hand.
 */
import type { Problem } from '../../base/problem.ts'
import type {
  Attention,
  DenseMlp,
  ExpertMlp,
  LatentAttention,
  LayerShape,
  ModelSpec,
  StateSpace,
} from '../../planner/model/model.ts'
import { cannot, type EmissionInput, type Piece } from './emission.ts'
import { type Arguments, flag, given } from './megatron-arguments.ts'
import { hybridPattern, isHybrid } from './megatron-hybrid.ts'

export function modelArguments(input: EmissionInput): Piece<Arguments> {
  const { model, workload } = input
  const config = input.config ?? {}
  const parts = partsOf(model)
  const positions = Math.max(workload.sequence, numberIn(config, 'max_position_embeddings') ?? model.learnedPositions)
  return {
    value: [
      ...layers(input),
      given('hidden-size', model.hidden),
      ...feedForward(parts, config),
      ...attention(parts.attention, model),
      ...latent(parts.latent),
      ...stateSpace(parts.stateSpace),
      ...experts(parts.experts, config),
      ...windows(model),
      given('max-position-embeddings', positions),
      ...position(model, config),
      given('normalization', model.norm === 'rms' ? 'RMSNorm' : 'LayerNorm'),
      ...epsilon(config),
      ...flag('untie-embeddings-and-output-weights', !model.tiedEmbeddings),
      given('vocab-size', model.vocab),
      given('attention-dropout', 0),
      given('hidden-dropout', 0),
    ],
    notes: notes(model, config),
    problems: unevenParts(model),
  }
}

interface Parts {
  readonly attention: Attention | undefined
  readonly latent: LatentAttention | undefined
  readonly stateSpace: StateSpace | undefined
  readonly dense: DenseMlp | undefined
  readonly experts: ExpertMlp | undefined
}

type Part = NonNullable<LayerShape['mixer'] | LayerShape['mlp']>

function partsOf({ shapes }: ModelSpec): Parts {
  const found = <K extends Part['kind']>(kind: K): Extract<Part, { kind: K }> | undefined =>
    shapes
      .flatMap(({ mixer, mlp }): readonly Part[] => [mixer, mlp].filter(part => part !== undefined))
      .find(part => part.kind === kind) as Extract<Part, { kind: K }> | undefined
  return {
    attention: found('attention'),
    latent: found('latent'),
    stateSpace: found('stateSpace'),
    dense: found('dense'),
    experts: found('experts'),
  }
}

function layers({ model, layout }: EmissionInput): Arguments {
  const mtp = model.mtpLayers > 0 ? [given('mtp-num-layers', model.mtpLayers)] : []
  if (!isHybrid(model)) return [given('num-layers', model.layers.length), ...mtp]
  return [given('hybrid-layer-pattern', hybridPattern(model, layout.stages))]
}

function feedForward({ dense, experts }: Parts, config: Config): Arguments {
  const some = dense ?? experts
  if (!some) return []
  const isSquared = activationIn(config) === 'relu2'
  return [
    given('ffn-hidden-size', some.ffn),
    ...flag('swiglu', some.gated),
    ...flag('squared-relu', isSquared && !some.gated),
  ]
}

type Config = Readonly<Record<string, unknown>>

const activationIn = (config: Config): unknown =>
  config.mlp_hidden_act ?? config.hidden_act ?? config.activation_function

function attention(mixer: Attention | undefined, { hidden }: ModelSpec): Arguments {
  if (!mixer) return []
  const { heads, kvHeads, headDim, qkvBias, outBias, qkNorm } = mixer
  return [
    given('num-attention-heads', heads),
    ...(kvHeads === heads ? [] : ([['--group-query-attention'], given('num-query-groups', kvHeads)] as const)),
    ...(headDim * heads === hidden ? [] : [given('kv-channels', headDim)]),
    ...flag('disable-bias-linear', !outBias),
    ...flag('add-qkv-bias', qkvBias && !outBias),
    ...flag('qk-layernorm', qkNorm),
  ]
}

function latent(mixer: LatentAttention | undefined): Arguments {
  if (!mixer) return []
  return [
    ['--multi-latent-attention'],
    given('num-attention-heads', mixer.heads),
    ...(mixer.qRank === undefined ? [] : [given('q-lora-rank', mixer.qRank)]),
    given('kv-lora-rank', mixer.kvRank),
    given('qk-head-dim', mixer.nopeDim),
    given('qk-pos-emb-head-dim', mixer.ropeDim),
    given('v-head-dim', mixer.valueDim),
    ['--qk-layernorm'],
    ['--disable-bias-linear'],
  ]
}

function stateSpace(mixer: StateSpace | undefined): Arguments {
  if (!mixer) return []
  return [
    given('mamba-num-heads', mixer.heads),
    given('mamba-head-dim', mixer.headDim),
    given('mamba-state-dim', mixer.stateDim),
    given('mamba-num-groups', mixer.groups),
  ]
}

function experts(mlp: ExpertMlp | undefined, config: Config): Arguments {
  if (!mlp) return []
  const scores = config.scoring_func
  const scale = numberIn(config, 'routed_scaling_factor')
  return [
    given('num-experts', mlp.experts),
    given('moe-router-topk', mlp.topK),
    given('moe-ffn-hidden-size', mlp.ffn),
    ...(mlp.sharedFfn > 0 ? [given('moe-shared-expert-intermediate-size', mlp.sharedFfn)] : []),
    ...flag('moe-shared-expert-gate', mlp.sharedGate),
    ...(mlp.routing
      ? [given('moe-router-num-groups', mlp.routing.groups), given('moe-router-group-topk', mlp.routing.limit)]
      : []),
    ...(scores === 'sigmoid' ? [given('moe-router-score-function', 'sigmoid')] : []),
    ...flag('moe-router-enable-expert-bias', scores === 'sigmoid' && mlp.routerBias),
    ...(scale !== undefined && scale !== 1 ? [given('moe-router-topk-scaling-factor', scale)] : []),
    given('moe-router-dtype', 'fp32'),
  ]
}

/** Which layers have experts, and which see only a window: `[0]*3+[1]*58`. */
function windows(model: ModelSpec): Arguments {
  const ofLayer = model.layers.map(shape => model.shapes[shape]!)
  const hasExperts = ofLayer.map(({ mlp }) => mlp?.kind === 'experts')
  const window = ofLayer.map(({ mixer }) => (mixer?.kind === 'attention' ? mixer.window : undefined))
  const size = window.find(each => each !== undefined)
  return [
    ...(hasExperts.some(Boolean) && !hasExperts.every(Boolean) && !isHybrid(model)
      ? [given('moe-layer-freq', runs(hasExperts))]
      : []),
    ...(size === undefined ? [] : [given('window-size', `${size},0`)]),
    ...(size !== undefined && window.some(each => each === undefined)
      ? [given('window-attn-skip-freq', runs(window.map(each => each !== undefined)))]
      : []),
  ]
}

function runs(isOn: readonly boolean[]): string {
  const lengths: [boolean, number][] = []
  for (const each of isOn) {
    const last = lengths.at(-1)
    if (last?.[0] === each) last[1]++
    else lengths.push([each, 1])
  }
  return `(${lengths.map(([on, count]) => `[${on ? 1 : 0}]*${count}`).join('+')})`
}

function position(model: ModelSpec, config: Config): Arguments {
  if (model.learnedPositions > 0) return [given('position-embedding-type', 'learned_absolute')]
  if (model.shapes.some(({ mixer }) => mixer?.kind === 'stateSpace')) return [given('position-embedding-type', 'none')]
  const base = numberIn(config, 'rope_theta')
  return [
    given('position-embedding-type', 'rope'),
    ...(base === undefined ? [] : [given('rotary-base', Math.round(base))]),
  ]
}

function epsilon(config: Config): Arguments {
  const value = numberIn(config, 'rms_norm_eps') ?? numberIn(config, 'layer_norm_epsilon')
  return value === undefined ? [] : [given('norm-epsilon', value)]
}

function notes(model: ModelSpec, config: Config): readonly string[] {
  const act = activationIn(config)
  const found: string[] = []
  if (Object.keys(config).length === 0)
    found.push("Without the model's config.json the rotary base and the norm's epsilon are Megatron's defaults")
  if (typeof act === 'string' && /gelu/.test(act) && model.shapes.some(({ mlp }) => mlp?.gated)) {
    found.push(`The activation ${act} is written as SwiGLU: same time and memory, another function`)
  }
  if (model.shapes.some(({ extraNorms }) => extraNorms > 0))
    found.push("Norms after attention and MLP are not among Megatron-LM's arguments")
  if (config.rope_scaling)
    found.push('rope_scaling of the config is left to you: --use-rope-scaling or --rope-type yarn')
  return found
}

/** Megatron's arguments give one size to all layers. */
function unevenParts(model: ModelSpec): readonly Problem[] {
  const sizes = (kind: Part['kind']): number => {
    const parts = model.shapes.flatMap(({ mixer, mlp }) => [mixer, mlp]).filter(part => part?.kind === kind)
    return new Set(parts.map(part => JSON.stringify({ ...part, window: undefined }))).size
  }
  const uneven = (['attention', 'latent', 'stateSpace', 'dense', 'experts'] as const).filter(kind => sizes(kind) > 1)
  return uneven.map(kind =>
    cannot(
      'spec.model',
      `has ${kind} parts of several sizes`,
      "Megatron-LM's arguments give one size to all",
      'Use --heterogeneous-layers-config-path with a file of your own, or torchtitan.',
    ),
  )
}

const numberIn = (config: Config, field: string): number | undefined => {
  const value = config[field]
  return typeof value === 'number' ? value : undefined
}
