/** The plan in one look: the step, what it costs, and how each axis is cut. */

import { AXES, type Axis } from '../../../planner/training/degrees.ts'
import { duration, gibibytes, percent, short } from '../../drawing/quantity.ts'
import type { Planned } from '../answer.ts'

const AXIS_TITLES: Readonly<Record<Axis, string>> = {
  data: 'replicas that each see a part of the batch',
  context: 'parts of every sequence',
  tensor: 'parts of every matrix',
  pipeline: 'stages of layers',
  expert: 'groups of experts, carved out of the ranks of a stage',
  expertTensor: 'parts of every matrix of an expert',
}

export function Headline({
  analysis,
  frontMilliseconds,
  milliseconds,
}: Pick<Planned, 'analysis' | 'frontMilliseconds' | 'milliseconds'>) {
  const { best, plan, goodput, search } = analysis
  const { layout } = best
  const low = best.band80?.[0]
  const high = best.band80?.[1]
  return (
    <section
      class="card wide"
      aria-label="Plan"
      data-testid="headline"
      data-milliseconds={milliseconds}
      data-front-milliseconds={frontMilliseconds}
      data-plan={JSON.stringify({ layout, stepSeconds: best.stepSeconds })}
    >
      <div class="headline">
        <Figure
          value={duration(best.stepSeconds)}
          what={low === undefined ? 'a step' : `a step; 8 of 10 runs: ${duration(low)} to ${duration(high!)}`}
        />
        <Figure value={short(best.tokensPerSecond / best.devices)} what="tokens a second and device" />
        {plan.expected && (
          <Figure value={percent(plan.expected.modelFlopsUtilisation)} what="of the devices' peak (MFU)" />
        )}
        <Figure
          value={gibibytes(best.memoryBytes)}
          what={`on the fullest device${plan.expected ? ` of ${gibibytes(plan.expected.deviceMemoryBytes)}` : ''}`}
        />
        {best.dollarsPerMillionTokens !== undefined && (
          <Figure value={`$${best.dollarsPerMillionTokens.toFixed(3)}`} what="a million tokens" />
        )}
        <Figure
          value={percent(goodput.goodput)}
          what={`goodput; a checkpoint every ${duration(goodput.checkpointIntervalSeconds)}`}
        />
      </div>
      <div class="chips">
        {AXES.map(axis => (
          <span key={axis} class={layout[axis] === 1 ? 'chip one' : 'chip'} title={AXIS_TITLES[axis]}>
            {axis} <b>{layout[axis]}</b>
          </span>
        ))}
        <Chip name="micro-batch" value={layout.microBatch} />
        {layout.pipeline > 1 && (
          <Chip
            name="schedule"
            value={layout.chunks > 1 ? `${layout.schedule}, ${layout.chunks} chunks` : layout.schedule}
          />
        )}
        <Chip name="ZeRO" value={layout.zero} />
        <Chip
          name="recompute"
          value={layout.recompute.kind === 'modules' ? layout.recompute.modules.join(', ') : layout.recompute.kind}
        />
        {layout.offload !== 'none' && <Chip name="offload" value={layout.offload} />}
        {layout.expert > 1 && <Chip name="dispatcher" value={layout.dispatcher} />}
      </div>
      <p class="quiet">
        Bound by {analysis.binding.sentence}. {search.considered.toLocaleString('en-US')} layouts considered,{' '}
        {search.fitting.toLocaleString('en-US')} fit, in {Math.round(milliseconds)} ms.
      </p>
    </section>
  )
}

const Figure = ({ value, what }: { readonly value: string; readonly what: string }) => (
  <div class="figure">
    <b>{value}</b>
    <small>{what}</small>
  </div>
)

const Chip = ({ name, value }: { readonly name: string; readonly value: string | number }) => (
  <span class="chip">
    {name} <b>{value}</b>
  </span>
)
