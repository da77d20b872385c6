/** One step on the pipeline: a row a rank, a bar an action. A canvas, since a step has thousands of bars. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { ACTION_INK, resolved } from '../../drawing/ink.ts'
import { duration } from '../../drawing/quantity.ts'
import { ACTIONS, type Timeline as Step } from '../answer.ts'
import { Card } from './card.tsx'

const [ROW, GAP, LEFT] = [22, 3, 44]

export function Timeline({ timeline }: { readonly timeline: Step }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [hint, setHint] = useState('')
  const height = timeline.ranks * (ROW + GAP)
  useEffect(() => {
    const draw = (): void => (canvas.current ? paint(canvas.current, timeline, height) : undefined)
    draw()
    const watcher = new ResizeObserver(draw)
    watcher.observe(canvas.current!)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', draw)
    return () => {
      watcher.disconnect()
      scheme.removeEventListener('change', draw)
    }
  }, [timeline])
  const shown = ACTIONS.map((name, i) => [name, i] as const).filter(([, i]) => timeline.action.includes(i))
  return (
    <Card
      wide
      title="One step on the pipeline"
      note={hint || `${duration(timeline.seconds)} from the first forward to the last backward`}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${timeline.ranks} pipeline ranks over ${duration(timeline.seconds)}`}
        data-testid="timeline"
        onMouseMove={event => setHint(hintAt(event, timeline))}
        onMouseLeave={() => setHint('')}
      />
      <ul class="legend">
        {shown.map(([name, i]) => (
          <li key={name}>
            <i style={{ background: ACTION_INK[i]! }} />
            {name}
          </li>
        ))}
      </ul>
    </Card>
  )
}

function paint(canvas: HTMLCanvasElement, timeline: Step, height: number): void {
  const ratio = devicePixelRatio
  const width = canvas.clientWidth
  canvas.style.height = `${height}px`
  canvas.width = width * ratio
  canvas.height = height * ratio
  const pen = canvas.getContext('2d')!
  pen.scale(ratio, ratio)
  pen.font = '11px system-ui, sans-serif'
  pen.fillStyle = resolved('var(--muted)')
  for (let rank = 0; rank < timeline.ranks; rank++) pen.fillText(`rank ${rank}`, 0, rank * (ROW + GAP) + ROW - 7)
  const perSecond = (width - LEFT) / timeline.seconds
  const inks = ACTION_INK.map(resolved)
  for (let i = 0; i < timeline.rank.length; i++) {
    const x = LEFT + timeline.start[i]! * perSecond
    const wide = (timeline.end[i]! - timeline.start[i]!) * perSecond
    pen.fillStyle = inks[timeline.action[i]!]!
    // A later chunk of the same rank is paler.
    pen.globalAlpha = timeline.stage[i]! >= timeline.ranks ? 0.6 : 1
    pen.fillRect(x, timeline.rank[i]! * (ROW + GAP), Math.max(0.4, wide - (wide > 3 ? 0.7 : 0)), ROW)
  }
  pen.globalAlpha = 1
}

function hintAt(event: MouseEvent, timeline: Step): string {
  const canvas = event.currentTarget as HTMLCanvasElement
  const rank = Math.floor(event.offsetY / (ROW + GAP))
  const second = ((event.offsetX - LEFT) / (canvas.clientWidth - LEFT)) * timeline.seconds
  for (let i = 0; i < timeline.rank.length; i++) {
    if (timeline.rank[i] !== rank || second < timeline.start[i]! || second > timeline.end[i]!) continue
    const took = duration(timeline.end[i]! - timeline.start[i]!)
    return `rank ${rank}: ${ACTIONS[timeline.action[i]!]} of micro-batch ${timeline.microBatch[i]}, stage ${timeline.stage[i]}, ${took}`
  }
  return second > 0 && rank < timeline.ranks ? `rank ${rank} waits` : ''
}
