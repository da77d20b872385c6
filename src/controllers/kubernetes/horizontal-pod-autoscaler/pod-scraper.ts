/**
 * Scrapes the pods that some autoscaler wants metrics of, every few seconds from their first one on: a rate needs two scrapes, and a new
 * pod shall have its rate when the autoscaler looks again. Nothing runs while nobody wants any.
 */
import type { Clock } from '../../../base/clock.ts'
import type { MetricIdentifier } from '../../../kube/autoscaling.ts'
import type { Pod } from '../../../kube/core.ts'
import { type PodSeries, sampleOf, withScrape } from './pod-series.ts'
import { parsePrometheusText } from './prometheus-text.ts'
import type { Sample, Samples } from './samples.ts'
import { scrapeUrlOf, whyNoValues } from './scrape-target.ts'

export interface PodScraper {
  /** From now on the pods that `list` gives are scraped, for whoever has this key. */
  want(key: string, list: () => readonly Pod[]): void
  forget(key: string): void
  samplesOf(pods: readonly Pod[], metric: MetricIdentifier): Samples
}

/** The text at a URL; rejects with words for a user. */
export type FetchText = (url: string) => Promise<string>

/** A sixth more often than the autoscaler looks twice: two of these lie between any two of its looks. */
const EVERY_MS = 5_000

export function createPodScraper(clock: Clock, fetchText: FetchText): PodScraper {
  const wanted = new Map<string, () => readonly Pod[]>()
  /** By uid: a pod that comes again under its name is another one. */
  const series = new Map<string, PodSeries>()
  const faults = new Map<string, string>()
  let isRunning = false

  async function scrape(pod: Pod, url: string): Promise<void> {
    const { uid = '', name } = pod.metadata
    try {
      const page = parsePrometheusText(await fetchText(url))
      series.set(uid, withScrape(series.get(uid) ?? [], { at: clock.now(), page }))
      faults.delete(uid)
    } catch (error) {
      faults.set(uid, `cannot scrape pod ${name} at ${url}: ${(error as Error).message}`)
    }
  }

  async function round(): Promise<void> {
    const pods = new Map(
      [...wanted.values()].flatMap(list => list().map(pod => [pod.metadata.uid ?? '', pod] as const)),
    )
    for (const known of [series, faults]) for (const uid of known.keys()) if (!pods.has(uid)) known.delete(uid)
    await Promise.all(
      [...pods.values()].map(pod => {
        const url = scrapeUrlOf(pod)
        return url && scrape(pod, url)
      }),
    )
  }

  async function run(): Promise<void> {
    while (wanted.size > 0) {
      const began = clock.monotonicMs()
      await round()
      await new Promise<void>(resolve => clock.after(EVERY_MS - (clock.monotonicMs() - began), resolve))
    }
    series.clear()
    faults.clear()
    isRunning = false
  }

  return {
    want(key, list) {
      wanted.set(key, list)
      if (isRunning) return
      isRunning = true
      void run()
    },
    forget: key => void wanted.delete(key),
    samplesOf(pods, { name, selector }) {
      const values = new Map<string, Sample>()
      for (const { metadata } of pods) {
        const sample = sampleOf(series.get(metadata.uid ?? '') ?? [], name, selector)
        if (sample) values.set(metadata.name ?? '', sample)
      }
      if (values.size > 0) return { kind: 'values', values }
      const fault = pods.map(({ metadata }) => faults.get(metadata.uid ?? '')).find(each => each !== undefined)
      return { kind: 'unavailable', message: `unable to fetch metrics from pods: ${whyNoValues(pods, name, fault)}` }
    },
  }
}
