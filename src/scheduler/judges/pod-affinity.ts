/**
 * The company that pods ask for and avoid, within a domain of nodes: their own terms and those of the pods that are there
 * (interpodaffinity/filtering.go, scoring.go).
 */
import type { NodeView } from '../node-view.ts'
import { meansPod, type NamespaceLabels, type PodView, type Term } from '../pod-view.ts'
import { type Judge, type Judgement, MAX_SCORE, type Refusal, refusal, type Scene } from './judge.ts'

const NOT_WANTED_THERE = refusal("node(s) didn't satisfy existing pods anti-affinity rules")
/** Removing pods brings no company. */
const NO_COMPANY: Refusal = { reasons: ["node(s) didn't match pod affinity rules"], isHopeless: true }
const BAD_COMPANY = refusal("node(s) didn't match pod anti-affinity rules")
const WEIGHT = 2
/** What a term that another pod requires is worth as a preference for this one. */
const HARD_WEIGHT = 1

export const companyIsRight: Judge = (pod, scene) => {
  if (!scene.hasChoosers) return undefined
  const filter = filterOf(pod, scene)
  const scores = scoresOf(pod, scene)
  if (!filter || !scores) return filter ?? scores
  return {
    ...{ ...filter, ...scores },
    counts(other, node, by) {
      filter.counts?.(other, node, by)
      scores.counts?.(other, node, by)
    },
  }
}

/** Numbers by domain: a label's name and value. */
class Domains {
  private readonly counts = new Map<string, number>()
  private readonly keys = new Set<string>()

  add({ labels }: NodeView, key: string, by: number): void {
    const value = labels[key]
    if (value === undefined) return
    this.keys.add(key)
    const domain = `${key}=${value}`
    const sum = (this.counts.get(domain) ?? 0) + by
    if (sum === 0) this.counts.delete(domain)
    else this.counts.set(domain, sum)
  }
  at({ labels }: NodeView, key: string): number {
    return labels[key] === undefined ? 0 : (this.counts.get(`${key}=${labels[key]}`) ?? 0)
  }
  sum(node: NodeView): number {
    let sum = 0
    for (const key of this.keys) sum += this.at(node, key)
    return sum
  }
  get isEmpty(): boolean {
    return this.counts.size === 0
  }
}

const meansAll = (terms: readonly Term[], pod: PodView, labelsOf: NamespaceLabels): boolean =>
  terms.length > 0 && terms.every(term => meansPod(term, pod, labelsOf))

function filterOf(pod: PodView, { nodes, namespaceLabels }: Scene): Judgement | undefined {
  const { required = [], forbidden = [] } = pod.terms ?? {}
  const [avoidedBy, company, rivals] = [new Domains(), new Domains(), new Domains()]

  function counts(other: PodView, node: NodeView, by: 1 | -1): void {
    for (const term of other.terms?.forbidden ?? []) {
      if (meansPod(term, pod, namespaceLabels)) avoidedBy.add(node, term.topologyKey, by)
    }
    // One pod has to be what all terms ask for.
    if (meansAll(required, other, namespaceLabels)) for (const term of required) company.add(node, term.topologyKey, by)
    for (const term of forbidden) if (meansPod(term, other, namespaceLabels)) rivals.add(node, term.topologyKey, by)
  }
  countAll(nodes, required.length + forbidden.length > 0, counts)

  return {
    refuses(node) {
      if (!hasCompany(node)) return NO_COMPANY
      if (!rivals.isEmpty && forbidden.some(({ topologyKey }) => rivals.at(node, topologyKey) > 0)) return BAD_COMPANY
      if (!avoidedBy.isEmpty && avoidedBy.sum(node) > 0) return NOT_WANTED_THERE
      return undefined
    },
    counts,
  }

  /** The first of a group that wants to be together has only itself to go by. */
  function hasCompany(node: NodeView): boolean {
    if (required.length === 0) return true
    if (required.some(({ topologyKey }) => node.labels[topologyKey] === undefined)) return false
    if (required.every(({ topologyKey }) => company.at(node, topologyKey) > 0)) return true
    return company.isEmpty && meansAll(required, pod, namespaceLabels)
  }
}

/** Pods that choose their company always matter; the others only to a pod that chooses. */
function countAll(nodes: Scene['nodes'], isChooser: boolean, counts: NonNullable<Judgement['counts']>): void {
  for (const node of nodes.values()) for (const other of isChooser ? node.pods : node.choosers) counts(other, node, 1)
}

function scoresOf(pod: PodView, { nodes, namespaceLabels }: Scene): Judgement | undefined {
  const { preferred = [], avoided = [] } = pod.terms ?? {}
  const domains = new Domains()
  const like = (term: Term, one: PodView, node: NodeView, by: number): void => {
    if (meansPod(term, one, namespaceLabels)) domains.add(node, term.topologyKey, by)
  }
  function counts(other: PodView, node: NodeView, by: 1 | -1): void {
    for (const term of preferred) like(term, other, node, by * term.weight)
    for (const term of avoided) like(term, other, node, -by * term.weight)
    if (!other.terms) return
    for (const term of other.terms.required) like(term, pod, node, by * HARD_WEIGHT)
    for (const term of other.terms.preferred) like(term, pod, node, by * term.weight)
    for (const term of other.terms.avoided) like(term, pod, node, -by * term.weight)
  }
  countAll(nodes, preferred.length + avoided.length > 0, counts)
  return {
    scores: {
      weight: WEIGHT,
      of: all => (domains.isEmpty ? all.map(() => 0) : spread(all.map(node => domains.sum(node)))),
    },
    counts,
  }
}

/** From the least to the greatest. */
function spread(scores: readonly number[]): readonly number[] {
  const least = scores.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const range = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) - least
  return scores.map(score => (range > 0 ? Math.trunc((MAX_SCORE * (score - least)) / range) : 0))
}
