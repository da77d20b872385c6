/** What DeepSpeed's estimators print (`deepspeed/runtime/zero/stage_1_and_2.py`, `stage3.py`, edaa722): model states only, bytes. */

export interface DeepSpeedRun {
  readonly parameters: number
  readonly gpusPerNode: number
  readonly nodes: number
  readonly offloadOptimizer: boolean
  /** Host buffers are taken half as large again. */
  readonly bufferFactor?: number
}

export interface DeepSpeedMemory {
  /** Of one node. */
  readonly hostBytes: number
  /** Of one GPU. */
  readonly deviceBytes: number
}

export function deepspeedZero2(run: DeepSpeedRun): DeepSpeedMemory {
  const { parameters, gpusPerNode, nodes, offloadOptimizer, bufferFactor = 1.5 } = run
  const gpus = gpusPerNode * nodes
  return offloadOptimizer
    ? { deviceBytes: 2 * parameters, hostBytes: parameters * Math.max(4 * gpus, 16) * bufferFactor }
    : { deviceBytes: 2 * parameters + (18 * parameters) / gpus, hostBytes: parameters * 4 * gpusPerNode * bufferFactor }
}

export interface DeepSpeedZero3Run extends DeepSpeedRun {
  /** Parameters of the largest layer, which is gathered whole. */
  readonly largestLayer: number
  readonly offloadParameters: boolean
  /** The model is made in shards (`zero.Init`), never whole on each process. */
  readonly shardedInit: boolean
}

export function deepspeedZero3(run: DeepSpeedZero3Run): DeepSpeedMemory {
  const { parameters, gpusPerNode, nodes, largestLayer, offloadOptimizer, offloadParameters, shardedInit } = run
  const { bufferFactor = 1.5 } = run
  const gpus = gpusPerNode * nodes
  const largest = 4 * largestLayer
  const wholeCopies = parameters * 4 * gpusPerNode
  if (!offloadOptimizer)
    return {
      deviceBytes: largest + (18 * parameters) / gpus,
      hostBytes: (shardedInit ? largest * gpusPerNode : wholeCopies) * bufferFactor,
    }
  const perParameter = offloadParameters ? 18 : 16
  const shards = (parameters * perParameter) / nodes
  return {
    deviceBytes: offloadParameters ? largest : largest + (2 * parameters) / gpus,
    hostBytes: (shardedInit ? shards : Math.max(wholeCopies, shards)) * bufferFactor,
  }
}
