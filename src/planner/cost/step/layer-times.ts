/**
 * Time of one layer for one micro-batch, forward and backward, with communication that is not hidden and with the host. It depends on the
 * layer's shape, the cut, recompute, precision and software, and on nothing else of the layout, so that a search computes it once for many
 * layouts.
 */
import type { LayerCut } from '../../model/cut.ts'
import type { LayerShape, ModelSpec } from '../../model/model.ts'
import { type Fusion, MODERN_FUSION, type Operator } from '../../model/operator.ts'
import { operatorsOf, stageExtras } from '../../model/operators.ts'
import type { Dispatcher, Recompute } from '../../training/layout.ts'
import { paddedVocab } from '../memory/working.ts'
import type { Software } from '../software.ts'
import { smoothMaximum } from './host-time.ts'
import { layerCommunication } from './layer-communication.ts'
import type { Links } from './links.ts'
import { addParts, noParts, type Parts, totalOf } from './parts.ts'
import { priceOperators } from './price-operators.ts'
import type { Prices } from './prices.ts'
import { type Recomputed, recomputedOperators } from './recomputed-operators.ts'
import { overlapExcess } from './tensor-overlap.ts'

export interface PassTimes {
  readonly forward: Parts
  /** Recompute included. */
  readonly backward: Parts
  /** The part of `backward` that computes gradients of weights. */
  readonly weightSeconds: number
}

export interface LayerQuestion {
  readonly model: ModelSpec
  readonly cut: LayerCut
  readonly recompute: Recompute
  readonly dispatcher: Dispatcher
  readonly links: Links
  readonly prices: Prices
  readonly software: Software
}

/** What runs as one kernel: torch.compile and the frameworks' own fused kernels. */
export function fusionOf({ family, year, features }: Software): Fusion {
  // Megatron-DeepSpeed has Megatron's kernels.
  // Each step between products is measured whole on the device itself.
  if (family === 'solvent') return MODERN_FUSION
  const hasKernels = family === 'nemo' || family === 'megatron' || family === 'deepspeed'
  return {
    norm: features.compile || hasKernels || family === 'llm-foundry',
    rope: features.compile || (hasKernels && year >= 2023),
    activation: features.compile || hasKernels,
    router: features.fusedRouter,
    permute: features.fusedPermute,
    crossEntropy: features.fusedCrossEntropy || features.compile,
  }
}

export const layerTimes = (shape: LayerShape, question: LayerQuestion): PassTimes => {
  const { operators, passes } = layerPasses(shape, question)
  return withReplay(
    passes,
    replayOf(recomputedOperators(operators, question.recompute, question.software.family), shape, question),
    question,
  )
}

/** One pass on the device, and what the host does for it meanwhile. */
interface Pass {
  readonly parts: Parts
  readonly host: number
  /** Of `parts`, gradients of weights. */
  readonly weightSeconds: number
}

/** A layer's passes before what is computed again. */
export interface LayerPasses {
  readonly forward: Parts
  readonly backward: Pass
}

export function layerPasses(
  shape: LayerShape,
  question: LayerQuestion,
): { readonly operators: readonly Operator[]; readonly passes: LayerPasses } {
  const { model, cut, software } = question
  const operators = operatorsOf(shape, model, cut, fusionOf(software))
  const forward = passOf(operators, 'forward', shape, question)
  return {
    operators,
    passes: {
      forward: withHost(forward.parts, forward.host, software),
      backward: passOf(operators, 'backward', shape, question),
    },
  }
}

/** What runs again in the backward pass, on the device and on the host. */
export interface Replay {
  readonly seconds: number
  /** Of which attention. */
  readonly attention: number
  readonly launches: number
}

function replayOf(again: Recomputed, shape: LayerShape, question: LayerQuestion): ReplayedWork {
  const { parts, launches } = priceOperators(again.operators, 'forward', question.prices)
  return replayedWork({ seconds: totalOf(parts), attention: parts.attention, launches }, again, shape, question)
}

/** Seconds of the device and of the host. */
export interface ReplayedWork {
  readonly device: number
  readonly host: number
}

/** Operators that run again, and the collectives between them. */
export function replayedWork(
  { seconds, attention, launches }: Replay,
  { regions, withCommunication }: Pick<Recomputed, 'regions' | 'withCommunication'>,
  shape: LayerShape,
  question: LayerQuestion,
): ReplayedWork {
  const { software, prices } = question
  const started = checkpointSeconds(regions, question)
  const launch = launchSeconds(software, prices)
  if (!withCommunication) return { device: seconds, host: launches * launch + started }
  const talk = layerCommunication({ ...question, shape, direction: 'forward', attentionTime: attention })
  return { device: seconds + totalOf(talk.parts), host: (launches + talk.launches) * launch + started }
}

/** Of the host: PyTorch's checkpointing around so many stretches. */
export const checkpointSeconds = (regions: number, { software, prices }: LayerQuestion): number =>
  regions * prices.constants.checkpointHostSeconds * agedHost(software, prices)

/** The backward pass takes the longer of what the device does, old and again, and of what the host starts for it. */
export function withReplay(
  { forward, backward }: LayerPasses,
  again: ReplayedWork,
  { software }: LayerQuestion,
): PassTimes {
  const parts = addParts(noParts(), backward.parts)
  parts.recompute += again.device
  return {
    forward,
    backward: withHost(parts, backward.host + again.host, software),
    weightSeconds: backward.weightSeconds,
  }
}

/** Changes `parts`. */
function withHost(parts: Parts, host: number, { features }: Software): Parts {
  const device = totalOf(parts)
  parts.host += smoothMaximum(device, features.cudaGraphs ? 0 : host) - device
  return parts
}

/** Embedding before the first layer, norm, head and loss after the last. */
export function extraTimes(question: LayerQuestion): { embedding: PassTimes; head: PassTimes } {
  const { model, cut, software, prices } = question
  const extras = stageExtras(model, cut, fusionOf(software), paddedVocab(model, cut.tensor, software))
  const price = (operators: readonly Operator[]): PassTimes => {
    const backward = priceOperators(operators, 'backward', prices)
    const forward = priceOperators(operators, 'forward', prices).parts
    return { forward, backward: backward.parts, weightSeconds: backward.weightSeconds }
  }
  return { embedding: price(extras.embedding), head: price(extras.head) }
}

function passOf(
  operators: readonly Operator[],
  direction: 'forward' | 'backward',
  shape: LayerShape,
  question: LayerQuestion,
): Pass {
  const { prices, software, cut, model, links } = question
  const { parts, launches, weightSeconds } = priceOperators(operators, direction, prices)
  const talk = layerCommunication({ ...question, shape, direction, attentionTime: parts.attention })
  addParts(parts, talk.parts)
  parts.tensorComm += overlapExcess({ operators, direction, cut, hidden: model.hidden, links, prices })
  const host =
    launches * launchSeconds(software, prices) +
    talk.launches * prices.constants.collectiveHostSeconds * agedHost(software, prices) +
    (shape.mlp?.kind === 'experts' ? prices.constants.expertHostSeconds : 0)
  return { parts, host, weightSeconds }
}

/** Python and the framework start kernels faster every year; compiled graphs start them in half of the time. */
const launchSeconds = (software: Software, prices: Prices): number =>
  prices.constants.launchSeconds * agedHost(software, prices) * (software.features.compile ? 0.5 : 1)

const agedHost = (software: Software, { constants }: Prices): number =>
  Math.exp(constants.launchPerYear * Math.max(0, 2024 - software.year))
