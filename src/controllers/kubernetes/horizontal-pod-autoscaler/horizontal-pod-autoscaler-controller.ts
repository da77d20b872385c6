/**
 * The autoscaler's shell: reads scale, pods and metrics, writes the new size, and keeps what was recommended and changed in memory, as
 * upstream. Looks every 15 s, and at once when a spec changes. Loaded with the first HorizontalPodAutoscaler.
 */
import type { HorizontalPodAutoscaler, MetricSpec, Scale } from '../../../kube/autoscaling.ts'
import type { Pod } from '../../../kube/core.ts'
import { keyOf } from '../../../kube/object.ts'
import { type LabelRequirement, matchesLabels, parseLabelSelector } from '../../../kube/selector.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'
import { AUTOSCALER_TIMES, type AutoscalerTimes } from './autoscaler-times.ts'
import { fetchText } from './fetch-text.ts'
import { createPodScraper, type FetchText } from './pod-scraper.ts'
import { concludeScaling, decideReplicas, type SelectorFault, type TargetScale } from './reconcile-autoscaler.ts'
import { fetchPodMetrics, resourceSamples } from './resource-samples.ts'
import { type Samples, unavailable } from './samples.ts'
import { type History, NO_HISTORY } from './scaling-rules.ts'
import { AMBIGUOUS, INVALID, MISSING } from './selector-faults.ts'

export interface AutoscalerOptions {
  readonly times?: AutoscalerTimes
  readonly fetchText?: FetchText
}

type Autoscaler = HorizontalPodAutoscaler
type Requirements = readonly LabelRequirement[]

export function horizontalPodAutoscalerController(
  context: ControllerContext,
  { times = AUTOSCALER_TIMES, fetchText: fetch = fetchText }: AutoscalerOptions = {},
): Controller {
  const { api, clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('horizontal-pod-autoscaler')
  const autoscalers = informers.of<Autoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler')
  const pods = informers.of<Pod>('v1', 'Pod')
  const podsIn = pods.index(pod => [pod.metadata.namespace ?? ''])
  const queue = newQueue()
  const scraper = createPodScraper(clock, fetch)
  const histories = new Map<string, History>()
  /** By key, which pods an autoscaler scales: two must not scale the same. */
  const selectors = new Map<string, Requirements>()

  autoscalers.on('add', autoscaler => queue.add(keyOf(autoscaler)))
  autoscalers.on('update', (autoscaler, before) => {
    if (autoscaler.metadata.generation !== before.metadata.generation) queue.add(keyOf(autoscaler))
  })
  autoscalers.on('delete', autoscaler => forget(keyOf(autoscaler)))

  function forget(key: string): void {
    histories.delete(key)
    selectors.delete(key)
    scraper.forget(key)
  }

  /** An empty patch reads the subresource of any kind that has one. */
  async function scaleOf({ metadata, spec }: Autoscaler): Promise<Scale | string> {
    const { apiVersion = 'v1', kind, name } = spec.scaleTargetRef
    const ref = { apiVersion, kind, name, namespace: metadata.namespace }
    try {
      return await api.patch<Scale>(ref, 'merge', {}, { subresource: 'scale' })
    } catch (error) {
      return (error as Error).message
    }
  }

  const selected = (namespace: string, requirements: Requirements): readonly Pod[] =>
    podsIn(namespace).filter(({ metadata }) => matchesLabels(requirements, metadata.labels ?? {}))

  /** Which pods, or what is wrong with the selector. */
  function targetPods(key: string, namespace: string, text: string): readonly Pod[] | SelectorFault {
    if (text === '') return MISSING
    const parsed = parseLabelSelector(text)
    if (!parsed.ok) return INVALID(parsed.problems[0]?.why ?? '')
    selectors.set(key, parsed.value)
    const own = selected(namespace, parsed.value)
    const isRival = ([other, requirements]: [string, Requirements]): boolean =>
      other.startsWith(`${namespace}/`) &&
      own.some(({ metadata }) => matchesLabels(requirements, metadata.labels ?? {}))
    const rivals = [...selectors].filter(isRival).map(([other]) => other)
    return rivals.length > 1 ? AMBIGUOUS(text, rivals.slice(0, 2)) : own
  }

  async function samplesFor(
    namespace: string,
    selector: string,
    own: readonly Pod[],
    metrics: readonly MetricSpec[],
  ): Promise<readonly Samples[]> {
    const needsUsage = metrics.some(({ type }) => type === 'Resource' || type === 'ContainerResource')
    const usage = needsUsage ? await fetchPodMetrics(api, namespace, selector) : ''
    return metrics.map(({ resource, containerResource, pods: podsMetric }) => {
      if (resource) return resourceSamples(usage, resource.name, '')
      if (containerResource) return resourceSamples(usage, containerResource.name, containerResource.container)
      return podsMetric ? scraper.samplesOf(own, podsMetric.metric) : unavailable('')
    })
  }

  async function rescale({ metadata, spec }: Autoscaler, replicas: number): Promise<string | undefined> {
    const { apiVersion = 'v1', kind, name } = spec.scaleTargetRef
    const ref = { apiVersion, kind, name, namespace: metadata.namespace }
    try {
      await perform([{ kind: 'patch', ref, type: 'merge', patch: { spec: { replicas } }, subresource: 'scale' }])
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  async function reconcile(key: string): Promise<number | undefined> {
    const [namespace = '', name = ''] = key.split('/')
    const autoscaler = autoscalers.get(namespace, name)
    if (!autoscaler) return undefined
    const scale = await scaleOf(autoscaler)
    const selector = typeof scale === 'string' ? '' : (scale.status?.selector ?? '')
    const own = targetPods(key, namespace, selector)
    const { metrics = [] } = autoscaler.spec
    const found = 'reason' in own ? [] : own
    if (metrics.some(({ type }) => type === 'Pods'))
      scraper.want(key, () => selected(namespace, selectors.get(key) ?? []))
    else scraper.forget(key)
    const observed = {
      autoscaler,
      scale: typeof scale === 'string' ? scale : sizesOf(scale),
      ...('reason' in own && { selectorFault: own }),
      pods: found,
      samples: await samplesFor(namespace, selector, found, metrics),
      history: histories.get(key) ?? NO_HISTORY,
      times,
    }
    const now = clock.now()
    const decision = decideReplicas(observed, now)
    const refusal = decision.rescaleTo === undefined ? undefined : await rescale(autoscaler, decision.rescaleTo)
    const { actions, history } = concludeScaling(autoscaler, decision, refusal, now)
    if (autoscalers.get(namespace, name)) histories.set(key, history)
    await perform(actions)
    return times.syncMs
  }

  return {
    name: 'horizontal-pod-autoscaler',
    queue,
    ready: () => Promise.all([autoscalers.synced, pods.synced]),
    reconcile,
    log,
  }
}

const sizesOf = ({ spec, status }: Scale): TargetScale => ({
  specReplicas: spec?.replicas ?? 0,
  statusReplicas: status?.replicas ?? 0,
})
