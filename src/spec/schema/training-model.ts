/** The model of a TrainingJob: a Hugging Face config.json, or the numbers that make one. */
import type { StructuralSchema } from '../../kube/schema.ts'
import { flag, integer, oneOf, record, text } from './words.ts'

const count = (description: string): StructuralSchema => integer(description, { minimum: 1 })
const countOrNone = (description: string): StructuralSchema => integer(description, { minimum: 0 })

const huggingface = record('A model as Hugging Face describes it.', {
  file: text('Its config.json, relative to the YAML file. The command line reads it into config.', { minLength: 1 }),
  config: {
    type: 'object',
    description: 'What config.json holds. Written by the command line.',
    'x-kubernetes-preserve-unknown-fields': true,
  },
})

const latent = record(
  'Sizes of multi-head latent attention, as in DeepSeek-V2.',
  {
    qRank: count('Rank of the compressed queries. Not compressed when absent.'),
    kvRank: count('Rank of the compressed keys and values.'),
    nopeDim: count('Size of a head without positions.'),
    ropeDim: count('Size of the part of a head that carries positions.'),
    valueDim: count("Size of a head's values."),
  },
  ['kvRank', 'nopeDim', 'ropeDim', 'valueDim'],
)

export const trainingModel = record(
  'The model that is trained: huggingface, or at least layers, hidden, heads and vocab. With it the strategy is planned.',
  {
    huggingface,
    name: text('Name of the model, for the eyes.', { minLength: 1 }),
    layers: count('Transformer layers.'),
    hidden: count('Width of the residual stream.'),
    heads: count('Attention heads.'),
    kvHeads: count('Heads of keys and values. As many as heads unless given.'),
    headDim: count('Size of a head. Hidden over heads unless given.'),
    latent,
    ffn: count('Width of the feed-forward part.'),
    vocab: count('Tokens in the vocabulary.'),
    experts: countOrNone('Experts of a layer.'),
    topK: count('Experts that a token goes to.'),
    expertFfn: count('Width of one expert. The same as ffn unless given.'),
    sharedFfn: countOrNone('Width of all shared experts together.'),
    denseLayers: countOrNone('Layers at the start that have no experts.'),
    expertEvery: count('One layer in so many has experts. 1 unless given.'),
    gated: flag('Whether the feed-forward part has a gate (SwiGLU). True unless given.'),
    bias: flag('Whether projections have biases.'),
    qkvBias: flag('Whether the projections to queries, keys and values have biases.'),
    qkNorm: flag('Whether queries and keys are normalised.'),
    routerBias: flag('Whether the router has a bias.'),
    norm: oneOf('Kind of normalisation. RMS unless given.', ['rms', 'layer']),
    tiedEmbeddings: flag("Whether the head shares the embedding's weights."),
    learnedPositions: countOrNone('Learned position embeddings. None unless given.'),
    mtpLayers: countOrNone('Layers that predict further tokens, as in DeepSeek-V3.'),
    window: count('Keys that a query sees at most. All before it unless given.'),
    windowEvery: count('With window, one layer in so many sees all.'),
  },
)
