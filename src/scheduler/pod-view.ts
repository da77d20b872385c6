/** What of a pod decides where it may be and what it keeps others from: read once off the object, compared often. */
import type { Pod, Toleration } from '../kube/core.ts'
import { controllerOf, type LabelSelector } from '../kube/object.ts'
import type { PodAffinityTerm } from '../kube/placement.ts'
import { type LabelRequirement, matchesLabels, requirementsOf } from '../kube/selector.ts'
import { type Amounts, requestsOf, type ScoredRequests, scoredRequestsOf } from './resources.ts'

export interface PodView {
  readonly pod: Pod
  readonly uid: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly requests: Amounts
  readonly scored: ScoredRequests
  readonly priority: number
  readonly tolerations: readonly Toleration[]
  readonly hostPorts: readonly HostPort[]
  /** Its affinities to other pods, if it has any. */
  readonly terms: PodTerms | undefined
  /** The set that it is a replica of, by which replicas are spread unless they say otherwise. */
  readonly owner: string | undefined
  readonly isTerminating: boolean
}

export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

export interface Term {
  readonly topologyKey: string
  readonly namespaces: readonly string[]
  /** Namespaces by their labels, beside those that are named. */
  readonly namespaceSelector: readonly LabelRequirement[] | undefined
  readonly selector: readonly LabelRequirement[] | undefined
}

export interface WeightedTerm extends Term {
  readonly weight: number
}

export interface PodTerms {
  readonly required: readonly Term[]
  readonly forbidden: readonly Term[]
  readonly preferred: readonly WeightedTerm[]
  readonly avoided: readonly WeightedTerm[]
}

export function viewOfPod(pod: Pod): PodView {
  const { metadata, spec } = pod
  return {
    pod,
    uid: metadata.uid ?? '',
    namespace: metadata.namespace ?? '',
    labels: metadata.labels ?? {},
    requests: requestsOf(pod),
    scored: scoredRequestsOf(pod),
    priority: spec.priority ?? 0,
    tolerations: spec.tolerations ?? [],
    hostPorts: hostPortsOf(pod),
    terms: termsOf(pod),
    owner: replicaSetOf(pod),
    isTerminating: metadata.deletionTimestamp !== undefined,
  }
}

/** Sets whose pods are meant to be anywhere, as helper.DefaultSelector has them. */
const SPREAD_OWNERS: ReadonlySet<string> = new Set(['ReplicaSet', 'StatefulSet', 'ReplicationController'])

function replicaSetOf(pod: Pod): string | undefined {
  const owner = controllerOf(pod)
  return owner && SPREAD_OWNERS.has(owner.kind) ? owner.uid : undefined
}

/** Ports of the node itself; a pod on the node's network takes its container ports there (defaulted by the API server). */
const hostPortsOf = ({ spec }: Pod): readonly HostPort[] =>
  [
    ...spec.containers,
    ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort = 0, hostIP, protocol }) =>
      hostPort > 0 ? [{ port: hostPort, ip: hostIP || '0.0.0.0', protocol: protocol || 'TCP' }] : [],
    ),
  )

function termsOf(pod: Pod): PodTerms | undefined {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
  if (!podAffinity && !podAntiAffinity) return undefined
  const weighted = (affinity: typeof podAffinity) =>
    (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) => {
      return { ...readTerm(pod, podAffinityTerm), weight }
    })
  const hard = (affinity: typeof podAffinity) =>
    (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term => readTerm(pod, term))
  return {
    required: hard(podAffinity),
    forbidden: hard(podAntiAffinity),
    preferred: weighted(podAffinity),
    avoided: weighted(podAntiAffinity),
  }
}

function readTerm({ metadata }: Pod, term: PodAffinityTerm): Term {
  const { namespaces = [], namespaceSelector, labelSelector, matchLabelKeys, mismatchLabelKeys } = term
  const isOwnOnly = namespaces.length === 0 && namespaceSelector === undefined
  const keys = [
    ...sameLabels(metadata.labels, matchLabelKeys, 'In'),
    ...sameLabels(metadata.labels, mismatchLabelKeys, 'NotIn'),
  ]
  return {
    topologyKey: term.topologyKey,
    namespaces: isOwnOnly ? [metadata.namespace ?? ''] : namespaces,
    namespaceSelector: requirementsOf(namespaceSelector),
    selector: selectorWith(labelSelector, keys),
  }
}

/** An absent selector matches nothing, whatever keys are added. */
export function selectorWith(
  selector: LabelSelector | undefined,
  more: readonly LabelRequirement[],
): readonly LabelRequirement[] | undefined {
  const requirements = requirementsOf(selector)
  return requirements && [...requirements, ...more]
}

/** `matchLabelKeys`: the values that the pod itself has under these keys. */
export const sameLabels = (
  labels: Readonly<Record<string, string>> = {},
  keys: readonly string[] = [],
  operator: 'In' | 'NotIn' = 'In',
): readonly LabelRequirement[] =>
  keys.flatMap(key => (labels[key] === undefined ? [] : [{ key, operator, values: [labels[key]] }]))

/** Labels of namespaces by name, for terms that choose by them. */
export type NamespaceLabels = (name: string) => Readonly<Record<string, string>> | undefined

export const meansPod = (
  { namespaces, namespaceSelector, selector }: Term,
  pod: PodView,
  labelsOf: NamespaceLabels,
): boolean =>
  selector !== undefined &&
  (namespaces.includes(pod.namespace) ||
    (namespaceSelector !== undefined && matchesLabels(namespaceSelector, labelsOf(pod.namespace) ?? {}))) &&
  matchesLabels(selector, pod.labels)

/**
 * Equal for pods that may go to the same nodes and like them equally: when one finds no place, the others need not try. Labels enter where
 * they can matter: with constraints of the pod's own, or (`othersChoose`) while any pod chooses its company by labels.
 */
export function signatureOf(
  { pod, requests, owner, priority, namespace, labels }: PodView,
  othersChoose: boolean,
): string {
  const { nodeSelector, tolerations, affinity, topologySpreadConstraints, preemptionPolicy, resourceClaims } = pod.spec
  const ports = hostPortsOf(pod)
  const choosesBy = affinity?.podAffinity || affinity?.podAntiAffinity || topologySpreadConstraints?.length
  return JSON.stringify([
    [Object.entries(requests).sort(), nodeSelector, tolerations, owner, priority, preemptionPolicy, ports],
    [affinity, topologySpreadConstraints],
    choosesBy || othersChoose ? [namespace, Object.entries(labels).sort()] : 0,
    resourceClaims?.length ? pod.metadata.uid : 0,
    pod.status?.nominatedNodeName,
  ])
}
