/**
 * What one object counts for under ResourceQuotas (pkg/quota/v1/evaluator): itself, as `count/RESOURCE.GROUP`, and what its kind brings along:
 * a pod's cpu and memory, a claim's storage, a Service's ports. A table by resource.
 */
import type { Pod, Service } from '../core.ts'
import type { UnknownObject } from '../object.ts'
import type { Quantity } from '../quantity.ts'
import { type AmountList, type Amounts, amountsOf } from './amounts.ts'
import { podAmounts } from './pod-amounts.ts'

const count = (n: number): Quantity => ({ nanos: BigInt(n) * 1_000_000_000n, format: 'DecimalSI' })
const ONE = count(1)

/** `pods`, `apps/deployments` -> `count/pods`, `count/deployments.apps`. */
function countName(resource: string): string {
  const [plural, group] = resource.split('/').reverse()
  return group === undefined ? `count/${plural}` : `count/${plural}.${group}`
}

type Entries = readonly (readonly [string, Quantity])[]

/** Names from before `count/` that mean the same. */
const ALIASES = ['configmaps', 'secrets', 'replicationcontrollers', 'resourcequotas']

const EXTRA: Readonly<Record<string, (object: UnknownObject) => Entries>> = {
  pods: object => podUsage(object as unknown as Pod),
  services: object => serviceUsage(object as unknown as Service),
  persistentvolumeclaims: claimUsage,
  ...Object.fromEntries(ALIASES.map(name => [name, () => [[name, ONE]] as Entries])),
}

export const usageOf = (resource: string, object: UnknownObject): Amounts =>
  new Map([[countName(resource), ONE], ...(EXTRA[resource]?.(object) ?? [])])

const LIMITED = ['cpu', 'memory', 'ephemeral-storage']

/** A pod that has ended holds nothing; it still is an object. */
const hasEnded = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

const podUsage = (pod: Pod): Entries =>
  hasEnded(pod) || !pod.spec
    ? []
    : containerUsage(
        podAmounts(pod.spec, 'requests', { overhead: true }),
        podAmounts(pod.spec, 'limits', { overhead: true }),
      )

export function containerUsage(requests: Amounts, limits: Amounts): Entries {
  return [
    ['pods', ONE],
    ...[...requests].flatMap(([name, quantity]) => requestNames(name).map(key => [key, quantity] as const)),
    ...[...limits].flatMap(([name, quantity]) =>
      LIMITED.includes(name) ? [[`limits.${name}`, quantity] as const] : [],
    ),
  ]
}

/** Huge pages go by two names, devices only by the longer. */
function requestNames(name: string): readonly string[] {
  if (LIMITED.includes(name) || name.startsWith('hugepages-')) return [name, `requests.${name}`]
  return name.includes('/') ? [`requests.${name}`] : []
}

function serviceUsage({ spec }: Service): Entries {
  const {
    type,
    ports = [],
    allocateLoadBalancerNodePorts = true,
  } = (spec ?? {}) as Service['spec'] & {
    readonly allocateLoadBalancerNodePorts?: boolean
  }
  const named = ports.filter(port => (port as { nodePort?: number }).nodePort).length
  const isBalanced = type === 'LoadBalancer'
  const nodePorts =
    type === 'NodePort' || (isBalanced && allocateLoadBalancerNodePorts) ? ports.length : isBalanced ? named : 0
  return [
    ['services', ONE],
    ['services.loadbalancers', count(isBalanced ? 1 : 0)],
    ['services.nodeports', count(nodePorts)],
  ]
}

interface Claim {
  readonly spec?: { readonly storageClassName?: string; readonly resources?: { readonly requests?: AmountList } }
  readonly status?: { readonly allocatedResources?: AmountList }
}

function claimUsage(object: UnknownObject): Entries {
  const { spec } = object as Claim
  const name = object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName
  const storage = amountsOf(spec?.resources?.requests).get('storage')
  const places = name ? ['', `${name}.storageclass.storage.k8s.io/`] : ['']
  return places.flatMap(place => [
    [`${place}persistentvolumeclaims`, ONE] as const,
    ...(storage ? [[`${place}requests.storage`, storage] as const] : []),
  ])
}
