/**
 * Time of one layer for one micro-batch, forward and backward, with communication that is not hidden and with the host. It depends on the
 * layer's shape, the cut, recompute, precision and software, and on nothing else of the layout, so that a search computes it once for many
 * layouts.
 */
import type { LayerCut } from '../../model/cut.ts'
import type { LayerShape, ModelSpec } from '../../model/model.ts'
import type { Fusion, Operator } from '../../model/operator.ts'
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
import { recomputedOperators } from './recomputed-operators.ts'

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

export function layerTimes(shape: LayerShape, question: LayerQuestion): PassTimes {
  const { model, cut, recompute, prices, software } = question
  const operators = operatorsOf(shape, model, cut, fusionOf(software))
  const { parts: forward } = passTime(operators, 'forward', shape, question)
  const { parts: backward, weightSeconds } = passTime(operators, 'backward', shape, question)
  const again = recomputedOperators(operators, recompute, software.family)
  if (again.operators.length > 0) {
    const { parts, launches } = priceOperators(again.operators, 'forward', prices)
    const replay = { seconds: totalOf(parts), attention: parts.attention, launches }
    backward.recompute += replaySeconds(replay, again.withCommunication, shape, question)
  }
  return { forward, backward, weightSeconds }
}

/** Device time of operators that run again, added up. */
export interface Replay {
  readonly seconds: number
  /** Of which attention. */
  readonly attention: number
  readonly launches: number
}

export function replaySeconds(
  { seconds, attention, launches }: Replay,
  withCommunication: boolean,
  shape: LayerShape,
  question: LayerQuestion,
): number {
  const launch = launchSeconds(question.software, question.prices)
  if (!withCommunication) return smoothMaximum(seconds, launches * launch)
  const talk = layerCommunication({ ...question, shape, direction: 'forward', attentionTime: attention })
  return smoothMaximum(seconds + totalOf(talk.parts), (launches + talk.launches) * launch)
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

function passTime(
  operators: readonly Operator[],
  direction: 'forward' | 'backward',
  shape: LayerShape,
  question: LayerQuestion,
): { parts: Parts; weightSeconds: number } {
  const { prices, software } = question
  const { parts, launches, weightSeconds } = priceOperators(operators, direction, prices)
  const talk = layerCommunication({ ...question, shape, direction, attentionTime: parts.attention })
  const sum = addParts(addParts(noParts(), parts), talk.parts)
  const host =
    (launches * launchSeconds(software, prices) +
      talk.launches * prices.constants.collectiveHostSeconds * agedHost(software, prices) +
      (shape.mlp?.kind === 'experts' ? prices.constants.expertHostSeconds : 0)) *
    (software.features.cudaGraphs ? 0 : 1)
  const device = totalOf(sum)
  sum.host += smoothMaximum(device, host) - device
  return { parts: sum, weightSeconds }
}

/** Python and the framework start kernels faster every year; compiled graphs start them in half of the time. */
const launchSeconds = (software: Software, prices: Prices): number =>
  prices.constants.launchSeconds * agedHost(software, prices) * (software.features.compile ? 0.5 : 1)

const agedHost = (software: Software, { constants }: Prices): number =>
  Math.exp(constants.launchPerYear * Math.max(0, 2024 - software.year))
