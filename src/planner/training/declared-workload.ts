/** What a declaration says of the step itself: one workload for each precision that may be chosen from. */
import { ok, type Problem, type Result } from '../../base/problem.ts'
import { orList } from '../../spec/check/show.ts'
import type { PrecisionName, TrainingData, TrainingJobSpec } from '../../spec/training-job.ts'
import type { Fleet, NodePool } from '../fleet/fleet.ts'
import type { Optimizer, Precision, Workload } from './layout.ts'

/** Gradients are added up in fp32, as Megatron-LM, torchtitan and DeepSpeed do it unless told otherwise. */
const GRADIENT_BYTES = 4

const PRECISIONS: Readonly<Record<PrecisionName, Precision>> = {
  fp32: { gemm: 'fp32', base: 'fp32', gradientBytes: GRADIENT_BYTES },
  fp16: { gemm: 'fp16', base: 'fp16', gradientBytes: GRADIENT_BYTES },
  bf16: { gemm: 'bf16', base: 'bf16', gradientBytes: GRADIENT_BYTES },
  fp8: { gemm: 'fp8', base: 'bf16', fp8Scaling: 'tensor', gradientBytes: GRADIENT_BYTES },
  'fp8-block': { gemm: 'fp8', base: 'bf16', fp8Scaling: 'block', gradientBytes: GRADIENT_BYTES },
  mxfp8: { gemm: 'mxfp8', base: 'bf16', fp8Scaling: 'mx', gradientBytes: GRADIENT_BYTES },
  nvfp4: { gemm: 'nvfp4', base: 'bf16', gradientBytes: GRADIENT_BYTES },
}

/** Bytes a parameter of the moments alone. Muon and SGD keep one momentum, bitsandbytes' Adam two of one byte. */
const MOMENT_BYTES: Readonly<Record<string, number>> = { adam: 8, 'adam-8bit': 2, 'adam-bf16': 4, muon: 4, sgd: 4 }
const MASTER_BYTES = 4

export const precisionOf = (name: PrecisionName): Precision => PRECISIONS[name]

/** Parameters in fp32 are their own master copy. */
export function optimizerOf(given: TrainingJobSpec['optimizer'], { base }: Precision): Optimizer {
  const { name = 'adam', stateBytes = MOMENT_BYTES[name]! + (base === 'fp32' ? 0 : MASTER_BYTES) } = given ?? {}
  return { name, stateBytes }
}

/** In the order of the declaration; the first is the one that was asked for. Formats that the devices do not multiply are told. */
export function workloadsOf(spec: TrainingJobSpec, data: TrainingData, fleet: Fleet): Result<readonly Workload[]> {
  const { optimizer, expertImbalance = 1 } = spec
  const names = spec.precision ?? [usualPrecision(fleet)]
  const problems = names.flatMap((name, i) => notMultiplied(name, `spec.precision[${i}]`, fleet))
  if (problems.length > 0) return { ok: false, problems }
  const workloads = names.map((name): Workload => {
    const precision = precisionOf(name)
    return {
      sequence: data.sequenceLength,
      globalBatch: data.globalBatch,
      precision,
      optimizer: optimizerOf(optimizer, precision),
      expertImbalance,
      causal: true,
    }
  })
  return ok(workloads)
}

const multiplies = (pool: NodePool, name: PrecisionName): boolean =>
  pool.device.peakFlops[PRECISIONS[name].gemm] !== undefined

/** V100 has no bf16. */
const usualPrecision = ({ pools }: Fleet): PrecisionName =>
  pools.every(pool => multiplies(pool, 'bf16')) ? 'bf16' : 'fp16'

function notMultiplied(name: PrecisionName, field: string, { pools }: Fleet): readonly Problem[] {
  const lacking = pools.find(pool => !multiplies(pool, name))
  if (!lacking) return []
  const possible = (Object.keys(PRECISIONS) as PrecisionName[]).filter(each =>
    pools.every(pool => multiplies(pool, each)),
  )
  const why = `${lacking.device.name} has no ${PRECISIONS[name].gemm}`
  return [{ field, what: `is "${name}"`, why, fix: `Write ${orList(possible)}.` }]
}
