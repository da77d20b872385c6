/** A layout with the figures that people compare. */
import { bandOf } from '../../cost/band.ts'
import type { StepInput, StepPrediction } from '../../cost/prediction.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import { devicesUsed } from '../../search/problem.ts'
import { mostNeeded } from '../../search/search.ts'
import type { Layout } from '../../training/layout.ts'
import type { Candidate } from './analysis.ts'

/** `given`: on what it runs; its layout is put in. */
export function candidateOf(layout: Layout, prediction: StepPrediction, given: Omit<StepInput, 'layout'>): Candidate {
  const { workload, fleet } = given
  const devices = devicesUsed(layout)
  const tokensPerSecond = (workload.globalBatch * workload.sequence) / prediction.seconds
  const { low, high } = bandOf({ ...given, layout }, prediction.seconds)
  const price = priceOf(fleet)
  return {
    layout,
    devices,
    stepSeconds: prediction.seconds,
    band80: [low, high],
    memoryBytes: mostNeeded(prediction),
    tokensPerSecond,
    ...(price === undefined ? {} : { dollarsPerMillionTokens: ((price / 3600) * devices * 1e6) / tokensPerSecond }),
  }
}

/** Of a device and hour; pools weighted by their devices. */
export function priceOf({ pools }: Fleet): number | undefined {
  let sum = 0
  let devices = 0
  for (const { pricePerDeviceHour, nodes, devicesPerNode } of pools) {
    if (pricePerDeviceHour === undefined) return undefined
    sum += pricePerDeviceHour * nodes * devicesPerNode
    devices += nodes * devicesPerNode
  }
  return sum / devices
}
