/** Every layout that fits as a point: step time against memory, the front of those that nothing beats on both drawn through. */
import { scaleLog } from 'd3-scale'
import { useMemo } from 'preact/hooks'
import type { TrainingAnalysis } from '../../../planner/explain/training/analysis.ts'
import type { Layout } from '../../../planner/training/layout.ts'
import { duration, gibibytes } from '../../drawing/quantity.ts'
import { Card } from './card.tsx'

const [WIDTH, HEIGHT, LEFT, BOTTOM, PAD] = [560, 330, 52, 34, 12]
const GIBI = 2 ** 30

interface Point {
  readonly stepSeconds: number
  readonly memoryBytes: number
  readonly layout: Layout
}

export function Alternatives({ analysis }: { readonly analysis: TrainingAnalysis }) {
  const { best, cloud, plan } = analysis
  const points: readonly Point[] = useMemo(
    () => [...cloud, ...analysis.pareto.filter(each => each.devices === best.devices), best],
    [analysis],
  )
  const front = useMemo(() => frontOf(points), [points])
  const extent = (values: readonly number[]): [number, number] => [
    Math.min(...values) * 0.95,
    Math.max(...values) * 1.05,
  ]
  const capacity = plan.expected?.deviceMemoryBytes
  const x = scaleLog(extent([...points.map(p => p.memoryBytes / GIBI), ...(capacity ? [capacity / GIBI] : [])]), [
    LEFT,
    WIDTH - PAD,
  ])
  const y = scaleLog(extent(points.map(p => p.stepSeconds)), [HEIGHT - BOTTOM, PAD])
  const at = (point: Point): readonly [number, number] => [x(point.memoryBytes / GIBI), y(point.stepSeconds)]
  return (
    <Card title="Alternatives" note={`${points.length.toLocaleString('en-US')} layouts that were predicted whole`}>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label="Step time against memory of the layouts that fit"
        data-testid="alternatives"
      >
        <g class="axis">
          {x.ticks(5).map(tick => (
            <g key={tick}>
              <line x1={x(tick)} x2={x(tick)} y1={PAD} y2={HEIGHT - BOTTOM} />
              <text x={x(tick)} y={HEIGHT - BOTTOM + 14} text-anchor="middle">
                {tick}
              </text>
            </g>
          ))}
          {y.ticks(5).map(tick => (
            <g key={tick}>
              <line x1={LEFT} x2={WIDTH - PAD} y1={y(tick)} y2={y(tick)} />
              <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
                {duration(tick)}
              </text>
            </g>
          ))}
        </g>
        <text x={WIDTH - PAD} y={HEIGHT - 4} text-anchor="end">
          GiB on the fullest device
        </text>
        {capacity !== undefined && (
          <line class="capacity" x1={x(capacity / GIBI)} x2={x(capacity / GIBI)} y1={PAD} y2={HEIGHT - BOTTOM} />
        )}
        {points.map((point, i) => (
          <circle
            key={i}
            class={point === best ? 'point chosen' : front.has(point) ? 'point front' : 'point'}
            cx={at(point)[0]}
            cy={at(point)[1]}
            r={point === best ? 6 : 3}
          >
            <title>{`${describeLayout(point.layout)}\n${duration(point.stepSeconds)}, ${gibibytes(point.memoryBytes)}`}</title>
          </circle>
        ))}
        <polyline class="front-line" points={[...front].map(point => at(point).join(',')).join(' ')} />
      </svg>
    </Card>
  )
}

/** Points that no other beats on time and memory at once, from the leanest to the fastest. */
function frontOf(points: readonly Point[]): ReadonlySet<Point> {
  const lean = [...points].sort((a, b) => a.memoryBytes - b.memoryBytes || a.stepSeconds - b.stepSeconds)
  let fastest = Number.POSITIVE_INFINITY
  return new Set(
    lean.filter(({ stepSeconds }) => {
      const isFaster = stepSeconds < fastest
      fastest = Math.min(fastest, stepSeconds)
      return isFaster
    }),
  )
}

function describeLayout(layout: Layout): string {
  const degrees = (['data', 'context', 'tensor', 'pipeline', 'expert'] as const)
    .filter(axis => layout[axis] > 1)
    .map(axis => `${axis} ${layout[axis]}`)
  const recompute = layout.recompute.kind === 'modules' ? layout.recompute.modules.join(' and ') : layout.recompute.kind
  return [
    ...degrees,
    `micro-batch ${layout.microBatch}`,
    layout.pipeline > 1 ? layout.schedule : '',
    `ZeRO ${layout.zero}`,
    recompute === 'none' ? '' : `recompute ${recompute}`,
  ]
    .filter(Boolean)
    .join(', ')
}
