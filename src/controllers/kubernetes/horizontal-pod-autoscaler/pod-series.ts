/**
 * What was scraped of one pod, and what that says of a metric: a gauge by its name, a counter `X_total` as the rate `X_per_second`, the
 * names that prometheus-adapter's users know. Pure; each scrape makes the next series.
 */
import type { Instant } from '../../../base/clock.ts'
import type { LabelSelector } from '../../../kube/object.ts'
import { selects } from '../../../kube/selector.ts'
import type { MetricSample, MetricsPage } from './prometheus-text.ts'
import type { Sample } from './samples.ts'

export interface Scrape {
  readonly at: Instant
  readonly page: MetricsPage
}

/** The newest last. */
export type PodSeries = readonly Scrape[]

/** A rate is taken over at least this time, so that two scrapes that fall together do not make one of noise. */
const LEAST_WINDOW_MS = 4_000
/** Nothing older is needed for that. */
const KEPT = 4

export const withScrape = (series: PodSeries, scrape: Scrape): PodSeries => [...series, scrape].slice(-KEPT)

const RATE = /_per_second$/

/** Undefined: the pod has no such metric, or was not scraped twice yet. Summed over all label values that the selector takes. */
export function sampleOf(series: PodSeries, metric: string, selector: LabelSelector | undefined): Sample | undefined {
  const last = series.at(-1)
  if (!last) return undefined
  const level = valueOn(last.page, metric, selector)
  if (level !== undefined) return { milli: Math.round(level * 1000), at: last.at, windowMs: 0 }
  return RATE.test(metric) ? rateOf(series, metric.replace(RATE, '_total'), selector) : undefined
}

function rateOf(series: PodSeries, counter: string, selector: LabelSelector | undefined): Sample | undefined {
  const last = series.at(-1)
  const first = series.findLast(({ at }) => last !== undefined && at <= last.at - LEAST_WINDOW_MS)
  if (!last || !first) return undefined
  const after = valueOn(last.page, counter, selector)
  if (after === undefined) return undefined
  const between = series.slice(series.indexOf(first))
  const windowMs = last.at - first.at
  return { milli: Math.round((increase(between, counter, selector) / windowMs) * 1_000_000), at: last.at, windowMs }
}

/** A counter that fell began anew (a restarted process); one that was not there was zero. */
function increase(series: PodSeries, counter: string, selector: LabelSelector | undefined): number {
  let total = 0
  let before: number | undefined
  for (const { page } of series) {
    const value = valueOn(page, counter, selector) ?? 0
    if (before !== undefined) total += value >= before ? value - before : value
    before = value
  }
  return total
}

function valueOn({ samples }: MetricsPage, name: string, selector: LabelSelector | undefined): number | undefined {
  const taken = (samples.get(name) ?? []).filter(({ labels }) => selector === undefined || selects(selector, labels))
  if (taken.length === 0) return undefined
  const total = taken.reduce((sum: number, { value }: MetricSample) => sum + value, 0)
  return Number.isFinite(total) ? total : undefined
}
