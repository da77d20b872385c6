/**
 * The values that each degree can take for a model, a batch and a fleet. A value is ruled out here only where nothing could run it: heads
 * that do not divide, more stages than layers. The reason is kept with one example.
 */
import { devicesOf } from '../fleet/fleet.ts'
import type { LayerShape, ModelSpec } from '../model/model.ts'
import { divisorsOf } from './divisors.ts'
import type { AxisValues, SearchProblem } from './problem.ts'
import { Rejections } from './rejections.ts'

export type { AxisValues } from './problem.ts'

export function axisValues(problem: SearchProblem): AxisValues {
  const { model, fleet, workload, fixed, abilities } = problem
  const devices = devicesOf(fleet)
  const rejections = new Rejections()
  const expertLayer = model.shapes.find(shape => shape.mlp?.kind === 'experts')?.mlp
  const experts = expertLayer?.kind === 'experts' ? expertLayer.experts : 1
  const upTo = (most: number): readonly number[] => Array.from({ length: Math.max(0, most) }, (_, i) => i + 1)
  const chosen = (fixedTo: number | undefined, among: readonly number[]): readonly number[] =>
    fixedTo === undefined ? among : [fixedTo]
  const keep = (
    axis: 'tensor' | 'context' | 'pipeline' | 'data' | 'expert' | 'microBatch',
    among: readonly number[],
    why: (value: number) => string | undefined,
  ): readonly number[] =>
    chosen(fixed[axis], among).filter(value => {
      const because = why(value)
      if (because === undefined) return true
      rejections.add(`${axis} does not divide`, { [axis]: value }, because)
      return false
    })
  return {
    tensor: keep('tensor', abilities.tensor ? divisorsOf(headsOf(model)) : [1], value => tensorProblem(model, value)),
    context: keep(
      'context',
      divisorsOf(workload.sequence).filter(value => value <= devices),
      value => contextProblem(workload.sequence, value, workload.causal),
    ),
    pipeline: keep('pipeline', upTo(Math.min(model.layers.length, devices)), value =>
      value <= model.layers.length ? undefined : `${model.layers.length} layers do not fill ${value} stages`,
    ),
    data: keep(
      'data',
      divisorsOf(workload.globalBatch).filter(value => value <= devices),
      value =>
        workload.globalBatch % value === 0
          ? undefined
          : `a batch of ${workload.globalBatch} does not divide by ${value}`,
    ),
    expert: keep(
      'expert',
      divisorsOf(experts).filter(value => value <= devices),
      value => (experts % value === 0 ? undefined : `${experts} experts do not divide by ${value}`),
    ),
    microBatch: keep('microBatch', divisorsOf(workload.globalBatch), value =>
      workload.globalBatch % value === 0 ? undefined : `a batch of ${workload.globalBatch} does not divide by ${value}`,
    ),
    rejected: rejections.list(),
  }
}

/**
 * Where a good layout mostly is: tensor ranks in a node, few context ranks and sequences, a power of two of stages. Something to beat is found
 * there at once.
 */
export function usualValues({ fleet }: SearchProblem, values: AxisValues): AxisValues {
  const node = Math.max(...fleet.pools.map(pool => pool.devicesPerNode))
  const upTo = (among: readonly number[], most: number): readonly number[] => {
    const small = among.filter(value => value <= most)
    return small.length > 0 ? small : among
  }
  return {
    ...values,
    tensor: upTo(values.tensor, node),
    context: upTo(values.context, 2),
    microBatch: upTo(values.microBatch, 2),
    pipeline: values.pipeline.length === 1 ? values.pipeline : values.pipeline.filter(isPowerOfTwo),
  }
}

const isPowerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(value))

/** All that the tensor degree must divide, as one number; 1 for a model without any. */
export function headsOf(model: ModelSpec): number {
  return (
    model.shapes.reduce((common, shape) => {
      const heads = shape.mixer?.heads
      return heads === undefined ? common : common === 0 ? heads : greatestCommonDivisor(common, heads)
    }, 0) || model.hidden
  )
}

export function tensorProblem(model: ModelSpec, tensor: number): string | undefined {
  for (const shape of model.shapes) {
    const because = shapeProblem(shape, tensor)
    if (because !== undefined) return because
  }
  return undefined
}

function shapeProblem({ mixer, mlp }: LayerShape, tensor: number): string | undefined {
  if (mixer && mixer.heads % tensor !== 0) return `${mixer.heads} heads do not divide by ${tensor}`
  // Fewer key and value heads than ranks are copied; then several ranks must share one evenly.
  if (mixer?.kind === 'attention' && mixer.kvHeads % tensor !== 0 && tensor % mixer.kvHeads !== 0)
    return `${mixer.kvHeads} key and value heads do not divide by ${tensor}`
  if (mixer?.kind === 'stateSpace' && mixer.groups % tensor !== 0)
    return `${mixer.groups} state groups do not divide by ${tensor}`
  if (mlp?.kind === 'dense' && mlp.ffn % tensor !== 0) return `a width of ${mlp.ffn} does not divide by ${tensor}`
  if (mlp?.kind === 'experts' && mlp.sharedFfn % tensor !== 0)
    return `shared experts of width ${mlp.sharedFfn} do not divide by ${tensor}`
  return undefined
}

/** A causal ring gives each rank one chunk from the front and one from the back, so that all have the same work. */
function contextProblem(sequence: number, context: number, causal: boolean): string | undefined {
  if (context === 1) return undefined
  const chunks = causal ? 2 * context : context
  return sequence % chunks === 0 ? undefined : `${sequence} tokens do not divide into ${chunks} chunks`
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))
