/**
 * Spreads pods over the values of a label of nodes: hard constraints keep nodes out, soft ones score them (podtopologyspread/filtering.go,
 * scoring.go). A replica of a set that declares no constraint is spread softly over hosts and zones, as upstream's system defaults do.
 */
import { HOSTNAME } from '../../kube/names.ts'
import { mayRunOn } from '../../kube/node-selector.ts'
import type { TopologySpreadConstraint } from '../../kube/placement.ts'
import { matchesLabels } from '../../kube/selector.ts'
import type { NodeView } from '../node-view.ts'
import { type PodView, sameLabels, selectorWith } from '../pod-view.ts'
import { hopeless, type Judge, type Judgement, MAX_SCORE, refusal, type Scene } from './judge.ts'
import { toleratesAll } from './taints.ts'

const TOO_UNEVEN = refusal("node(s) didn't match pod topology spread constraints")
const NO_LABEL = hopeless("node(s) didn't match pod topology spread constraints (missing required label)")
const WEIGHT = 2

interface Constraint {
  readonly maxSkew: number
  readonly topologyKey: string
  readonly minDomains: number
  /** Whether a pod is one of those that are to be spread. */
  readonly counts: (pod: PodView) => boolean
  /** Whether the pods on a node count. */
  readonly includes: (node: NodeView) => boolean
}

export const spreadIsKept: Judge = (pod, scene) => {
  const all = pod.pod.spec.topologySpreadConstraints ?? []
  const hard = all.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule').map(each => read(each, pod))
  const soft =
    all.length === 0
      ? defaultsFor(pod)
      : all.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway').map(each => read(each, pod))
  const [filter, score] = [
    hard.length > 0 ? hardSpread(hard, pod, scene) : undefined,
    soft.length > 0 ? softSpread(soft, scene, all.length > 0) : undefined,
  ]
  if (!filter || !score) return filter ?? score
  return {
    ...{ ...filter, ...score },
    counts(other, node, by) {
      filter.counts?.(other, node, by)
      score.counts?.(other, node, by)
    },
  }
}

function read(constraint: TopologySpreadConstraint, pod: PodView): Constraint {
  const { maxSkew, topologyKey, minDomains = 1, nodeAffinityPolicy, nodeTaintsPolicy, labelSelector } = constraint
  const selector = selectorWith(labelSelector, sameLabels(pod.labels, constraint.matchLabelKeys))
  return {
    ...{ maxSkew, topologyKey, minDomains },
    counts: other =>
      selector !== undefined && selector.length > 0 && isCounted(other, pod) && matchesLabels(selector, other.labels),
    includes: ({ node, taints }) =>
      (nodeAffinityPolicy === 'Ignore' || mayRunOn(pod.pod.spec, node)) &&
      (nodeTaintsPolicy !== 'Honor' || toleratesAll(pod.tolerations, taints)),
  }
}

const isCounted = (other: PodView, pod: PodView): boolean => !other.isTerminating && other.namespace === pod.namespace

/** Upstream finds a set's pods by its selector; here the replicas of one set are those that it controls. */
function defaultsFor(pod: PodView): readonly Constraint[] {
  if (pod.owner === undefined) return []
  const counts = (other: PodView): boolean => other.owner === pod.owner && isCounted(other, pod)
  const includes = ({ node }: NodeView): boolean => mayRunOn(pod.pod.spec, node)
  return [
    { maxSkew: 3, topologyKey: HOSTNAME, minDomains: 1, counts, includes },
    { maxSkew: 5, topologyKey: 'topology.kubernetes.io/zone', minDomains: 1, counts, includes },
  ]
}

const hasAll = ({ labels }: NodeView, constraints: readonly Constraint[]): boolean =>
  constraints.every(({ topologyKey }) => labels[topologyKey] !== undefined)

function hardSpread(constraints: readonly Constraint[], pod: PodView, { nodes }: Scene): Judgement {
  const domains = constraints.map(() => new Map<string, number>())
  const least: (number | undefined)[] = constraints.map(() => undefined)

  function add(i: number, constraint: Constraint, node: NodeView, count: number): void {
    const value = node.labels[constraint.topologyKey] ?? ''
    domains[i]!.set(value, (domains[i]!.get(value) ?? 0) + count)
    least[i] = undefined
  }
  for (const node of nodes.values()) {
    if (!hasAll(node, constraints)) continue
    for (const [i, constraint] of constraints.entries()) {
      if (constraint.includes(node)) add(i, constraint, node, numCounted(node, constraint))
    }
  }
  /** The emptiest domain; empty as long as there are fewer than there have to be. */
  const minimum = (i: number, { minDomains }: Constraint): number => {
    if (domains[i]!.size < minDomains) return 0
    least[i] ??= Math.min(Number.MAX_SAFE_INTEGER, ...domains[i]!.values())
    return least[i]!
  }

  return {
    refuses({ labels }) {
      for (const [i, constraint] of constraints.entries()) {
        const value = labels[constraint.topologyKey]
        if (value === undefined) return NO_LABEL
        const itself = matchesItself(constraint, pod) ? 1 : 0
        const skew = (domains[i]!.get(value) ?? 0) + itself - minimum(i, constraint)
        if (skew > constraint.maxSkew) return TOO_UNEVEN
      }
      return undefined
    },
    counts(other, node, by) {
      if (!hasAll(node, constraints)) return
      for (const [i, constraint] of constraints.entries()) {
        if (constraint.counts(other) && constraint.includes(node)) add(i, constraint, node, by)
      }
    },
  }
}

const numCounted = ({ pods }: NodeView, { counts }: Constraint): number =>
  pods.reduce((sum, pod) => sum + (counts(pod) ? 1 : 0), 0)

const matchesItself = ({ counts }: Constraint, pod: PodView): boolean => counts({ ...pod, isTerminating: false })

function softSpread(constraints: readonly Constraint[], { nodes }: Scene, needsAllLabels: boolean): Judgement {
  /** By value of the label; by name of the node where hosts are the domains. */
  const counted = constraints.map(() => new Map<string, number>())
  const isHost = ({ topologyKey }: Constraint): boolean => topologyKey === HOSTNAME
  const domainOf = (constraint: Constraint, node: NodeView): string =>
    isHost(constraint) ? node.name : (node.labels[constraint.topologyKey] ?? '')

  function add(i: number, constraint: Constraint, node: NodeView, count: number): void {
    if (count === 0 || (needsAllLabels && !hasAll(node, constraints))) return
    if (!isHost(constraint) && !constraint.includes(node)) return
    const domain = domainOf(constraint, node)
    counted[i]!.set(domain, (counted[i]!.get(domain) ?? 0) + count)
  }
  for (const node of nodes.values()) {
    for (const [i, constraint] of constraints.entries()) add(i, constraint, node, numCounted(node, constraint))
  }

  function rawScores(all: readonly NodeView[]): readonly (number | undefined)[] {
    const scored = all.filter(node => !needsAllLabels || hasAll(node, constraints))
    const weights = constraints.map(constraint => {
      const size = isHost(constraint) ? scored.length : new Set(scored.map(node => domainOf(constraint, node))).size
      return Math.log(size + 2)
    })
    const scoreOf = (node: NodeView): number => {
      let sum = 0
      for (const [i, constraint] of constraints.entries()) {
        if (node.labels[constraint.topologyKey] === undefined) continue
        sum += (counted[i]!.get(domainOf(constraint, node)) ?? 0) * weights[i]! + constraint.maxSkew - 1
      }
      return Math.round(sum)
    }
    return all.map(node => (needsAllLabels && !hasAll(node, constraints) ? undefined : scoreOf(node)))
  }

  return {
    scores: { weight: WEIGHT, of: all => fewestFirst(rawScores(all)) },
    counts(other, node, by) {
      for (const [i, constraint] of constraints.entries()) if (constraint.counts(other)) add(i, constraint, node, by)
    },
  }
}

/** Nodes without a label that counts (undefined) come last. */
function fewestFirst(scores: readonly (number | undefined)[]): readonly number[] {
  let [least, most] = [Number.MAX_SAFE_INTEGER, 0]
  for (const score of scores) {
    if (score === undefined) continue
    least = Math.min(least, score)
    most = Math.max(most, score)
  }
  return scores.map(score => {
    if (score === undefined) return 0
    return most === 0 ? MAX_SCORE : Math.trunc((MAX_SCORE * (most + least - score)) / most)
  })
}
