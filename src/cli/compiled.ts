/** Declarations compiled here: for `compile`, and for clusters where no controller of ours does it. */

import type { Problem, Result } from '../base/problem.ts'
import { type Capabilities, EMBEDDED } from '../compiler/capabilities.ts'
import { compile } from '../compiler/compile.ts'
import { apiVersionOf } from '../kube/kinds.ts'
import type { KubeObject } from '../kube/object.ts'
import type { BatchJob, Server, TrainingJob } from '../spec/kinds.ts'
import type { Item } from './declared.ts'
import { exitWithProblems } from './exit.ts'
import { fleetsOf } from './fleet-sources.ts'
import { nodesOf, type Planned, plansOf, type Surroundings } from './planned.ts'
import type { Target } from './target.ts'

/** What the cluster can do, by discovery. */
export async function capabilitiesOf({ api, embedded }: Target): Promise<Capabilities> {
  if (embedded) return EMBEDDED
  const served = await api.discovery.all()
  const has = (apiVersion: string, kind: string): boolean =>
    served.some(info => apiVersionOf(info) === apiVersion && info.kind === kind)
  const fromZero = has('serving.knative.dev/v1', 'Service')
    ? 'knative'
    : has('http.keda.sh/v1alpha1', 'HTTPScaledObject')
      ? 'keda-http'
      : undefined
  return {
    embedded: false,
    gang: has('scheduling.k8s.io/v1beta1', 'PodGroup') ? 'podgroup' : 'none',
    ...(fromZero ? { fromZero } : {}),
    ...(has('autoscaling.k8s.io/v1', 'VerticalPodAutoscaler') ? { rightSizing: 'vpa' } : {}),
    podMetrics: served.some(({ group }) => group === 'custom.metrics.k8s.io'),
  }
}

export async function compiledFor(target: Target, item: Item): Promise<readonly KubeObject[]> {
  return compileItems([item], { nodes: await nodesOf(target), fleets: fleetsOf(target) }, await capabilitiesOf(target))
}

/** In the order in which they are applied: code first, then what the declaration becomes. Plain objects stay as they are. */
export async function compileItems(
  items: readonly Item[],
  surroundings: Surroundings,
  capabilities: Capabilities,
): Promise<readonly KubeObject[]> {
  const planned = new Map((await plansOf(items, surroundings)).map(each => [each.item as Item, each]))
  const problems: Problem[] = []
  const objects = items.flatMap((item): readonly KubeObject[] => {
    if (item.kind === 'object') return [item.object]
    const plan = planned.get(item)
    // A Fleet is read, and becomes nothing.
    if (!plan) return []
    const compiled = compileOne(plan, capabilities)
    if (compiled.ok) return [...(item.code ? [item.code] : []), ...compiled.value]
    problems.push(...compiled.problems.map(each => ({ place: item.locate(each.field), ...each })))
    return []
  })
  if (problems.length > 0) throw exitWithProblems(problems)
  return objects
}

function compileOne(planned: Planned, capabilities: Capabilities): Result<readonly KubeObject[]> {
  const { declaration } = planned.item
  switch (planned.kind) {
    case 'batch':
      return compile(declaration as BatchJob, planned.plan, capabilities)
    case 'training':
      return compile(declaration as TrainingJob, planned.plan, capabilities)
    case 'server':
      return compile(declaration as Server, undefined, capabilities)
  }
}
