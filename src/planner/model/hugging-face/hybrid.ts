/** Readers of families with state-space layers. */
import { modelOf } from '../layer-list.ts'
import type { ExpertMlp, LayerShape, StateSpace } from '../model.ts'
import { attentionOf, denseOf, layersOf, outsideOf, type Reader } from './dense.ts'
import type { Fields } from './fields.ts'

/** Each layer is one part: M a state space, * attention, - a feed-forward part, E experts. */
const nemotronH: Reader = (f, name) => {
  const pattern = f.text('hybrid_override_pattern') ?? ''
  if (pattern === '') f.count('hybrid_override_pattern')
  const parts: Readonly<Record<string, () => LayerShape>> = {
    M: () => ({ mixer: nemotronStateSpace(f), extraNorms: 0 }),
    '*': () => ({ mixer: attentionOf(f), extraNorms: 0 }),
    '-': () => ({ mlp: denseOf(f, { gated: false }), extraNorms: 0 }),
    E: () => ({ mlp: nemotronExperts(f), extraNorms: 0 }),
  }
  const layers = [...pattern].flatMap(letter => {
    const part = parts[letter]
    if (part) return [part()]
    f.problems.push({
      field: 'hybrid_override_pattern',
      what: `has the letter "${letter}"`,
      why: 'a layer is M (state space), * (attention), - (feed-forward) or E (experts)',
      fix: "Take the pattern from the model's own config.json.",
    })
    return []
  })
  return modelOf(outsideOf(f, name), layers)
}

const nemotronStateSpace = (f: Fields): StateSpace => ({
  kind: 'stateSpace',
  heads: f.count('mamba_num_heads'),
  headDim: f.count('mamba_head_dim'),
  stateDim: f.count('ssm_state_size'),
  groups: f.countOr(1, 'n_groups'),
  convKernel: f.countOr(4, 'conv_kernel'),
  ...(f.flag('mamba_proj_bias', false) ? { bias: true } : {}),
})

const nemotronExperts = (f: Fields): ExpertMlp => ({
  kind: 'experts',
  experts: f.count('n_routed_experts'),
  topK: f.count('num_experts_per_tok'),
  ffn: f.count('moe_intermediate_size'),
  gated: false,
  bias: false,
  routerBias: true,
  sharedFfn: f.countOr(0, 'n_shared_experts') * f.countOr(0, 'moe_shared_expert_intermediate_size'),
  sharedGate: false,
})

/** State spaces only. */
const mamba2: Reader = (f, name) => {
  const mixer: StateSpace = {
    kind: 'stateSpace',
    heads: f.count('num_heads'),
    headDim: f.count('head_dim'),
    stateDim: f.count('state_size'),
    groups: f.countOr(1, 'n_groups'),
    convKernel: f.countOr(4, 'conv_kernel'),
    ...(f.flag('use_bias', false) ? { bias: true } : {}),
  }
  return modelOf(
    outsideOf(f, name),
    Array.from({ length: layersOf(f) }, (): LayerShape => ({ mixer, extraNorms: 0 })),
  )
}

/** A gated feed-forward part in each layer; attention in those that `attn_layer_indices` or `layer_types` name. */
const bamba: Reader = (f, name) => {
  const mixer: StateSpace = {
    kind: 'stateSpace',
    heads: f.count('mamba_n_heads'),
    headDim: f.count('mamba_d_head'),
    stateDim: f.count('mamba_d_state'),
    groups: f.countOr(1, 'mamba_n_groups'),
    convKernel: f.countOr(4, 'mamba_d_conv'),
    ...(f.flag('mamba_proj_bias', false) ? { bias: true } : {}),
  }
  const attends = f.list('attn_layer_indices') ?? []
  const types = f.list('layer_types')
  const layers = Array.from(
    { length: layersOf(f) },
    (_, layer): LayerShape => ({
      mixer: attends.includes(layer) || types?.[layer] === 'attention' ? attentionOf(f) : mixer,
      mlp: denseOf(f),
      extraNorms: 0,
    }),
  )
  return modelOf(outsideOf(f, name), layers)
}

export const HYBRID_FAMILIES: Readonly<Record<string, Reader>> = { nemotron_h: nemotronH, mamba2, bamba }
