/** The fleet's devices, a box a node, each coloured by where its rank stands on one axis: equal colours hold the same part. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { TrainingAnalysis } from '../../../planner/explain/training/analysis.ts'
import { coordinatesOf, ranksOf } from '../../../planner/training/rank-map.ts'
import { nthInk, resolved } from '../../drawing/ink.ts'
import { Card } from './card.tsx'

const AXES = ['tensor', 'context', 'data', 'pipeline', 'expert'] as const
type Shown = (typeof AXES)[number]
const [CELL, PAD, GAP] = [11, 3, 6]
/** Beyond this a picture says no more; what is left out is said. */
const MOST_NODES = 600

export function Topology({ analysis }: { readonly analysis: TrainingAnalysis }) {
  const { plan, fleet } = analysis
  const axes = AXES.filter(axis => plan.degrees[axis] > 1)
  const [chosen, choose] = useState<Shown>('tensor')
  const axis = axes.includes(chosen) ? chosen : (axes[0] ?? 'data')
  const canvas = useRef<HTMLCanvasElement>(null)
  const [hint, setHint] = useState('')
  const perNode = fleet.pools[0]?.devicesPerNode ?? 8
  const positions = useMemo(() => positionsOf(analysis, axis), [analysis, axis])
  useEffect(() => {
    const draw = (): void => (canvas.current ? paint(canvas.current, positions, perNode) : undefined)
    draw()
    const watcher = new ResizeObserver(draw)
    watcher.observe(canvas.current!)
    return () => watcher.disconnect()
  }, [positions, perNode])
  const nodes = Math.ceil(positions.length / perNode)
  const note = nodes > MOST_NODES ? `the first ${MOST_NODES} of ${nodes} nodes` : `${nodes} nodes of ${perNode}`
  return (
    <Card wide title="Which rank sits where" note={hint || note}>
      <fieldset class="tabs" aria-label="Colour by axis">
        {axes.map(each => (
          <button key={each} type="button" aria-pressed={each === axis} onClick={() => choose(each)}>
            {each} {plan.degrees[each]}
          </button>
        ))}
      </fieldset>
      <p class="quiet">Devices of one colour hold the same part of the {axis} axis. Ranks fill nodes in order.</p>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Devices coloured by ${axis}`}
        data-testid="topology"
        onMouseMove={event => setHint(hintAt(event, positions, perNode, axis))}
        onMouseLeave={() => setHint('')}
      />
    </Card>
  )
}

function positionsOf({ plan }: TrainingAnalysis, axis: Shown): Uint16Array {
  const ranks = ranksOf(plan.dense)
  return Uint16Array.from({ length: ranks }, (_, rank) =>
    axis === 'expert' ? coordinatesOf(rank, plan.expert).expert : coordinatesOf(rank, plan.dense)[axis],
  )
}

const columnsIn = (width: number, perNode: number): number =>
  Math.max(1, Math.floor((width + GAP) / (Math.min(perNode, 4) * CELL + 2 * PAD + GAP)))

function place(device: number, width: number, perNode: number): readonly [x: number, y: number] {
  const across = Math.min(perNode, 4)
  const node = Math.floor(device / perNode)
  const inside = device % perNode
  const columns = columnsIn(width, perNode)
  const nodeWidth = across * CELL + 2 * PAD + GAP
  const nodeHeight = Math.ceil(perNode / across) * CELL + 2 * PAD + GAP
  return [
    (node % columns) * nodeWidth + PAD + (inside % across) * CELL,
    Math.floor(node / columns) * nodeHeight + PAD + Math.floor(inside / across) * CELL,
  ]
}

function paint(canvas: HTMLCanvasElement, positions: Uint16Array, perNode: number): void {
  const shown = Math.min(positions.length, MOST_NODES * perNode)
  const width = canvas.clientWidth
  const [, lowest] = place(shown - 1, width, perNode)
  const height = lowest + CELL + PAD + GAP
  const ratio = devicePixelRatio
  canvas.style.height = `${height}px`
  canvas.width = width * ratio
  canvas.height = height * ratio
  const pen = canvas.getContext('2d')!
  pen.scale(ratio, ratio)
  pen.strokeStyle = resolved('var(--line)')
  const across = Math.min(perNode, 4)
  for (let device = 0; device < shown; device++) {
    const [x, y] = place(device, width, perNode)
    if (device % perNode === 0)
      pen.strokeRect(
        x - PAD + 0.5,
        y - PAD + 0.5,
        across * CELL + 2 * PAD - 1,
        Math.ceil(perNode / across) * CELL + 2 * PAD - 1,
      )
    pen.fillStyle = resolved(nthInk(positions[device]!))
    pen.fillRect(x, y, CELL - 1.5, CELL - 1.5)
  }
}

function hintAt(event: MouseEvent, positions: Uint16Array, perNode: number, axis: Shown): string {
  const canvas = event.currentTarget as HTMLCanvasElement
  for (let device = 0; device < Math.min(positions.length, MOST_NODES * perNode); device++) {
    const [x, y] = place(device, canvas.clientWidth, perNode)
    if (event.offsetX < x || event.offsetX > x + CELL || event.offsetY < y || event.offsetY > y + CELL) continue
    return `rank ${device} on node ${Math.floor(device / perNode)}: ${axis} ${positions[device]}`
  }
  return ''
}
