/**
 * Draws the pictures of docs/axes.md: `npm run docs:pictures`. The pipelines are simulated by the planner's own schedules, so a picture
 * shows what would run.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { schedule } from '../../src/planner/schedule/schedule.ts'
import { simulate } from '../../src/planner/schedule/simulate.ts'
import type { ScheduleName } from '../../src/planner/training/layout.ts'
import { coordinatesOf } from '../../src/planner/training/rank-map.ts'

const INK = ['#3b6fb6', '#e08a1e', '#3f9b6c', '#8666b8', '#c4504f', '#5aa9b8', '#a8a23a', '#7a5a44'] as const
const PALE = '#e9e8e2'
const TEXT = '#1d1d1b'
const WIDTH = 640

type Shape = string

const box = (x: number, y: number, width: number, height: number, fill: string, title = ''): Shape =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="3" fill="${fill}"/>${title && text(x + width / 2, y + height / 2 + 4, title, 'middle', fill === PALE ? TEXT : '#ffffff')}`

const text = (x: number, y: number, content: string, anchor = 'start', fill = TEXT): Shape =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${fill}">${content}</text>`

const arrow = (x1: number, y1: number, x2: number, y2: number): Shape =>
  `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${TEXT}" stroke-width="1.2" marker-end="url(#tip)" marker-start="url(#tip)"/>`

function draw(name: string, height: number, title: string, shapes: readonly Shape[]): void {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img"><title>${title}</title>`
  const tip = `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="${TEXT}"/></marker></defs>`
  const ground = `<rect width="${WIDTH}" height="${height}" rx="8" fill="#ffffff"/>`
  writeFileSync(join(import.meta.dirname, `${name}.svg`), `${[head, tip, ground, ...shapes, '</svg>'].join('\n')}\n`)
}

const four = <T>(make: (i: number) => T): T[] => [0, 1, 2, 3].map(make)
const left = (i: number): number => 20 + i * 155

const device = (i: number, y: number, height: number): Shape =>
  `${text(left(i), y - 6, `device ${i}`)}<rect x="${left(i)}" y="${y}" width="135" height="${height}" rx="6" fill="none" stroke="#b9b8b0"/>`

draw('data', 190, 'Data parallelism: every device has the whole model and a part of the batch', [
  ...four(i => device(i, 26, 104)),
  ...four(i => box(left(i) + 8, 34, 119, 20, INK[i]!, `samples ${i * 8} to ${i * 8 + 7}`)),
  ...four(i => box(left(i) + 8, 62, 119, 60, PALE, 'whole model')),
  ...[0, 1, 2].map(i => arrow(left(i) + 137, 140, left(i + 1) - 2, 140)),
  text(WIDTH / 2, 165, 'once a step: gradients are added up over all (reduce-scatter, all-gather)', 'middle'),
])

draw('tensor', 190, 'Tensor parallelism: every device has a slice of every matrix', [
  ...four(i => device(i, 26, 104)),
  ...four(i => box(left(i) + 8, 34, 119, 20, PALE, 'all samples')),
  ...four(
    i =>
      [0, 1, 2].map(row => box(left(i) + 8 + i * 30, 62 + row * 21, 29, 17, INK[i]!)).join('') +
      [0, 1, 2]
        .map(
          row =>
            `<rect x="${left(i) + 8}" y="${62 + row * 21}" width="119" height="17" rx="3" fill="none" stroke="${PALE}"/>`,
        )
        .join(''),
  ),
  ...[0, 1, 2].map(i => arrow(left(i) + 137, 140, left(i + 1) - 2, 140)),
  text(WIDTH / 2, 165, 'in every layer, forward and backward: partial results are added up', 'middle'),
])

draw('context', 190, 'Context parallelism: every device has a part of each sequence', [
  ...four(i => box(left(i), 20, 135, 22, INK[i]!, `tokens ${i * 2}k to ${i * 2 + 2}k`)),
  ...four(i => device(i, 72, 58)),
  ...four(i => box(left(i) + 8, 80, 119, 18, INK[i]!, 'queries')),
  ...four(i => box(left(i) + 8, 104, 119, 18, INK[(i + 3) % 4]!, 'keys, values')),
  ...[0, 1, 2].map(i => arrow(left(i) + 137, 140, left(i + 1) - 2, 140)),
  text(WIDTH / 2, 165, 'in every attention: keys and values go round the ring', 'middle'),
])

/** The expert's device that each of a device's four tokens goes to. */
const ROUTED = [
  [0, 2, 1, 3],
  [1, 0, 3, 1],
  [2, 3, 0, 2],
  [3, 1, 2, 0],
] as const

draw('expert', 210, 'Expert parallelism: every device has some of the experts, and tokens travel to theirs', [
  ...four(i => text(left(i), 20, `device ${i}`)),
  ...four(i => [0, 1, 2, 3].map(j => box(left(i) + j * 34, 28, 30, 18, INK[ROUTED[i]![j]!]!)).join('')),
  text(left(0), 64, 'tokens, coloured by the expert that the router chose for them'),
  ...four(i =>
    four(
      j =>
        `<line x1="${left(i) + 15 + j * 34}" y1="76" x2="${left(ROUTED[i]![j]!) + 66}" y2="118" stroke="${INK[ROUTED[i]![j]!]}" stroke-width="1"/>`,
    ).join(''),
  ),
  ...four(i => box(left(i), 122, 135, 34, INK[i]!, `experts ${i * 2} and ${i * 2 + 1}`)),
  text(WIDTH / 2, 188, 'in every layer with experts: dispatch before, combine after', 'middle'),
])

const STATES = [
  ['parameters', 2],
  ['gradients', 4],
  ['optimizer', 12],
] as const

draw('zero', 210, 'ZeRO: what copies of the model hold in common is stored once', [
  ...[0, 1, 2, 3].flatMap(zero => {
    const y = 24 + zero * 42
    let x = 120
    return [
      text(20, y + 17, `ZeRO ${zero}${zero === 3 ? ' (FSDP)' : ''}`),
      ...STATES.map(([name, bytes], i) => {
        const isSharded = zero >= 3 - i
        const width = (bytes * 23) / (isSharded ? 4 : 1)
        const shape = box(x, y, width, 26, INK[i]!, width > 60 ? name : '')
        x += width + 3
        return shape
      }),
    ]
  }),
  text(20, 198, 'bytes a parameter on each of 4 devices; blue: parameters 2, orange: gradients 4, green: optimizer 12'),
])

function pipeline(name: string, title: string, schedules: readonly (readonly [ScheduleName, number, string])[]): void {
  const [p, m, rowHeight] = [4, 8, 17]
  const runs = schedules.map(([kind, chunks, caption]) => {
    const table = schedule(kind, { pipeline: p, chunks, microBatches: m })
    const each = (value: number): number[] => Array.from({ length: table.numStages }, () => value / chunks)
    return { table, run: simulate(table, { forward: each(1), backward: each(2), weight: each(1) }), caption }
  })
  const longest = Math.max(...runs.map(({ run }) => run.makespan))
  const scale = (WIDTH - 40) / longest
  const shapes = runs.flatMap(({ table, run, caption }, i) => {
    const top = 16 + i * (p * rowHeight + 34)
    return [
      text(20, top + 4, `${caption}: ${run.makespan} units`),
      ...Array.from(table.kind, (code, k) => {
        const rank = table.rankOfStage[table.stage[k]!]!
        const fill = code === 0 ? INK[0] : code === 3 ? INK[2] : INK[1]
        const opacity = table.stage[k]! >= p ? 0.6 : 1
        return `<rect x="${(20 + run.start[k]! * scale).toFixed(2)}" y="${top + 10 + rank * rowHeight}" width="${((run.end[k]! - run.start[k]!) * scale - 0.8).toFixed(2)}" height="${rowHeight - 2}" fill="${fill}" fill-opacity="${opacity}"/>`
      }),
    ]
  })
  draw(name, 16 + runs.length * (p * rowHeight + 34) + 14, title, [
    ...shapes,
    text(
      20,
      16 + runs.length * (p * rowHeight + 34),
      'a row a rank; blue forward, orange backward; paler: the second chunk of a rank; white: waiting',
    ),
  ])
}

pipeline('pipeline', 'Pipeline schedules over 4 ranks and 8 micro-batches', [
  ['gpipe', 1, 'GPipe, all forwards first'],
  ['1f1b', 1, '1F1B, as fast, but at most 4 micro-batches are held instead of 8'],
  ['interleaved', 2, 'interleaved, two chunks a rank: half the waiting, twice the messages'],
])

const DENSE = [
  { name: 'tensor', size: 2 },
  { name: 'context', size: 1 },
  { name: 'data', size: 4 },
  { name: 'pipeline', size: 2 },
] as const

draw('ranks', 178, 'Sixteen ranks on two nodes: tensor 2, data 4, pipeline 2', [
  ...(['tensor', 'data', 'pipeline'] as const).flatMap((axis, row) => [
    text(20, 38 + row * 48, axis),
    ...Array.from({ length: 16 }, (_, rank) =>
      box(
        100 + rank * 31 + (rank >= 8 ? 16 : 0),
        22 + row * 48,
        28,
        26,
        INK[coordinatesOf(rank, DENSE)[axis]]!,
        String(rank),
      ),
    ),
  ]),
  text(20, 168, 'ranks of one colour hold the same part on that axis; the gap is the network between two nodes'),
])
