/** Does the model put the layouts of one sweep (same model, batch, devices and software) in the measured order, and choose a good one? */
import type { Predicted } from './predict-runs.ts'

export interface Ranking {
  readonly sweeps: number
  /** Kendall's tau of each sweep, and how much longer the chosen layout takes than the best measured one. */
  readonly taus: readonly number[]
  readonly losses: readonly number[]
}

const LEAST_LAYOUTS = 4

export function rankingOf(predicted: readonly Predicted[]): Ranking {
  const sweeps = new Map<string, { measured: number; seconds: number }[]>()
  for (const { run, prediction } of predicted) {
    const { row } = run
    if (run.measuredSeconds === undefined) continue
    const { layers, hidden } = row.model
    const key = [row.source_group, layers, hidden, row.seq, row.global_batch, row.hardware.gpus, row.software].join('/')
    const sweep = sweeps.get(key) ?? []
    sweep.push({ measured: run.measuredSeconds, seconds: prediction.seconds })
    sweeps.set(key, sweep)
  }
  const large = [...sweeps.values()].filter(sweep => sweep.length >= LEAST_LAYOUTS)
  return {
    sweeps: large.length,
    taus: large.map(tauOf),
    losses: large.map(sweep => {
      const chosen = sweep.reduce((best, one) => (one.seconds < best.seconds ? one : best))
      return chosen.measured / Math.min(...sweep.map(one => one.measured)) - 1
    }),
  }
}

function tauOf(sweep: readonly { readonly measured: number; readonly seconds: number }[]): number {
  let agreed = 0
  let pairs = 0
  for (let i = 0; i < sweep.length; i++)
    for (let j = 0; j < i; j++) {
      pairs++
      agreed += Math.sign(sweep[i]!.measured - sweep[j]!.measured) * Math.sign(sweep[i]!.seconds - sweep[j]!.seconds)
    }
  return agreed / pairs
}
