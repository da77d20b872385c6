/**
 * Puts endpoints into slices with as few writes as possible (reconcileByPortMapping and finalize in k8s.io/endpointslice/reconciler.go):
 * an endpoint stays in the slice that it is in, slices that change anyhow are filled first, one that would go is taken for one that comes.
 */
import type { EndpointSlice } from '../../../kube/core.ts'
import { isSame } from '../../../kube/equal.ts'
import type { Endpoint, EndpointPort } from './backend.ts'

/** Endpoints with the same ports. */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[]
  readonly endpoints: readonly Endpoint[]
}

export interface SlicePlan {
  readonly create: readonly EndpointSlice[]
  readonly update: readonly EndpointSlice[]
  readonly remove: readonly EndpointSlice[]
}

export interface SliceOptions {
  readonly maxEndpoints: number
  /** A new slice without endpoints. */
  readonly empty: (ports: readonly EndpointPort[]) => EndpointSlice
  /** The labels that the present slice should have. */
  readonly labels: Readonly<Record<string, string>>
  /** Whether a slice is this Service's own; one of an earlier Service of its name is not. */
  readonly isOwn: (slice: EndpointSlice) => boolean
}

/** `present`: of one address type. */
export function packSlices(
  groups: readonly EndpointGroup[],
  present: readonly EndpointSlice[],
  options: SliceOptions,
): SlicePlan {
  const byPorts = new Map<string, EndpointSlice[]>()
  const foreign: EndpointSlice[] = []
  for (const slice of present) {
    if (!options.isOwn(slice)) foreign.push(slice)
    else byPorts.set(portsKey(slice.ports), [...(byPorts.get(portsKey(slice.ports)) ?? []), slice])
  }
  const plans = groups.map(group => packGroup(group, byPorts.get(portsKey(group.ports)) ?? [], options))
  const wanted = new Set(groups.map(({ ports }) => portsKey(ports)))
  const unwanted = [...byPorts].flatMap(([key, slices]) => (wanted.has(key) ? [] : slices))
  return recycle(
    withPlaceholder(
      {
        create: plans.flatMap(({ create }) => create),
        update: plans.flatMap(({ update }) => update),
        remove: [...foreign, ...unwanted, ...plans.flatMap(({ remove }) => remove)],
      },
      present,
      options,
    ),
    options,
  )
}

/** The order of ports does not count. */
const portsKey = (ports: EndpointSlice['ports']): string =>
  (ports ?? [])
    .map(({ name = '', port, protocol, appProtocol = '' }) => `${name}\0${port}\0${protocol}\0${appProtocol}`)
    .sort()
    .join('\n')

const endpointKey = ({ addresses, targetRef }: Endpoint): string =>
  `${addresses.join()} ${targetRef?.namespace}/${targetRef?.name}`

function packGroup(
  { ports, endpoints }: EndpointGroup,
  present: readonly EndpointSlice[],
  { maxEndpoints, empty, labels }: SliceOptions,
): SlicePlan {
  const left = new Map(endpoints.map(endpoint => [endpointKey(endpoint), endpoint]))
  const changed: EndpointSlice[] = []
  const unchanged: EndpointSlice[] = []
  const remove: EndpointSlice[] = []
  for (const slice of present) {
    const kept = (slice.endpoints ?? []).flatMap(each => {
      const wanted = left.get(endpointKey(each))
      return wanted && left.delete(endpointKey(each)) ? [wanted] : []
    })
    const isChanged = !isSame(kept, slice.endpoints ?? [])
    if (isChanged && kept.length === 0) remove.push(slice)
    else if (isChanged || !isSame(slice.metadata.labels, labels))
      changed.push({ ...slice, endpoints: kept, metadata: { ...slice.metadata, labels } })
    else unchanged.push(slice)
  }
  const rest = [...left.values()]
  const fill = (slice: EndpointSlice): EndpointSlice => {
    const added = rest.splice(0, Math.max(0, maxEndpoints - (slice.endpoints ?? []).length))
    return added.length === 0 ? slice : { ...slice, endpoints: [...(slice.endpoints ?? []), ...added] }
  }
  const update = [...changed].sort((a, b) => b.endpoints.length - a.endpoints.length).map(fill)
  const create: EndpointSlice[] = []
  while (rest.length > 0) {
    const room = rest.length < maxEndpoints ? fullestWithRoom(unchanged, rest.length, maxEndpoints) : undefined
    if (room) {
      unchanged.splice(unchanged.indexOf(room), 1)
      update.push(fill(room))
    } else create.push(fill(empty(ports)))
  }
  return { create, update, remove }
}

const fullestWithRoom = (slices: readonly EndpointSlice[], count: number, max: number): EndpointSlice | undefined =>
  slices
    .filter(slice => (slice.endpoints ?? []).length + count <= max)
    .sort((a, b) => (b.endpoints ?? []).length - (a.endpoints ?? []).length)[0]

/** A Service always has a slice: whoever looks for them finds one, with nothing in it. */
function withPlaceholder(plan: SlicePlan, present: readonly EndpointSlice[], { empty, labels, isOwn }: SliceOptions) {
  if (present.length !== plan.remove.length || plan.create.length > 0) return plan
  const [only] = plan.remove
  const isThere =
    plan.remove.length === 1 &&
    only !== undefined &&
    isOwn(only) &&
    (only.endpoints ?? []).length === 0 &&
    (only.ports ?? []).length === 0 &&
    isSame(only.metadata.labels, labels)
  return isThere ? { ...plan, remove: [] } : { ...plan, create: [empty([])] }
}

/** One that would be deleted takes the content of one that would be created. */
function recycle({ create, update, remove }: SlicePlan, { isOwn }: SliceOptions): SlicePlan {
  const made = [...create]
  const changed = [...update]
  const gone = remove.filter(slice => {
    const next = isOwn(slice) ? made.pop() : undefined
    if (next) {
      const { labels } = next.metadata
      changed.push({ ...slice, endpoints: next.endpoints, ports: next.ports, metadata: { ...slice.metadata, labels } })
    }
    return next === undefined
  })
  return { create: made, update: changed, remove: gone }
}
