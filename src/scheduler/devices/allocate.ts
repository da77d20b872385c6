/**
 * Which devices meet claims on a node (structured parameters, KEP-4381): one request after the other, one device after the other, back where
 * a constraint cannot be met. Pure; the first devices by pool and slice that will do are taken, so equal input gives equal devices.
 */
import type { Allocation, ClaimSpec, DeviceClass, DeviceConstraint, ExactRequest } from '../../kube/devices.ts'
import { tolerates } from '../../kube/taints.ts'
import { type DeviceSelectors, splitName } from './device-selector.ts'
import type { OfferedDevice, Pool } from './inventory.ts'

export interface Offer {
  /** What the node reaches, whether or not it is in use. */
  readonly pools: readonly Pool[]
  readonly isTaken: (id: string) => boolean
  readonly classes: (name: string) => DeviceClass | undefined
  readonly selects: DeviceSelectors
}

export type Allocated =
  | { readonly kind: 'allocated'; readonly allocations: readonly Allocation[] }
  /** Not now, or with a reason never. */
  | { readonly kind: 'impossible'; readonly because?: string }

/** A bound on the search: constraints over many equal devices could be tried for ever. */
const MAX_STEPS = 50_000

interface Chosen {
  readonly claim: number
  /** `gpu`, or `gpu/large` for an alternative. */
  readonly request: string
  readonly device: OfferedDevice
}

interface Slot {
  readonly claim: number
  readonly request: string
  readonly exact: ExactRequest
}

export function allocate(claims: readonly ClaimSpec[], nodeName: string, offer: Offer): Allocated {
  let steps = 0
  const used = new Set<string>()
  const chosen: Chosen[] = []
  const requests = claims.flatMap(({ devices }, claim) =>
    (devices?.requests ?? []).map(request => ({ claim, request })),
  )

  /** Meets the requests from the `i`th on. */
  function meet(i: number): boolean {
    const next = requests[i]
    if (!next) return true
    const { claim, request } = next
    const alternatives: readonly Slot[] = request.exactly
      ? [{ claim, request: request.name, exact: request.exactly }]
      : (request.firstAvailable ?? []).map(each => ({ claim, request: `${request.name}/${each.name}`, exact: each }))
    return alternatives.some(slot => meetOne(slot, () => meet(i + 1)))
  }

  function meetOne(slot: Slot, rest: () => boolean): boolean {
    const fitting = candidates(slot, offer)
    if (slot.exact.allocationMode === 'All') {
      // All that the node reaches have to be free.
      const isWhole = offer.pools.every(({ isComplete }) => isComplete)
      if (!isWhole || fitting.length === 0 || fitting.some(({ id }) => offer.isTaken(id) || used.has(id))) return false
      return chooseAll(slot, fitting, rest)
    }
    return choose(slot, fitting, 0, slot.exact.count ?? 1, rest)
  }

  function chooseAll(slot: Slot, devices: readonly OfferedDevice[], rest: () => boolean): boolean {
    const before = chosen.length
    for (const device of devices) take(slot, device)
    if (constraintsHold(slot.claim) && rest()) return true
    while (chosen.length > before) giveBack()
    return false
  }

  function choose(
    slot: Slot,
    devices: readonly OfferedDevice[],
    from: number,
    count: number,
    rest: () => boolean,
  ): boolean {
    if (count === 0) return rest()
    for (let i = from; i <= devices.length - count; i++) {
      if (++steps > MAX_STEPS) return false
      const device = devices[i]!
      if (offer.isTaken(device.id) || used.has(device.id)) continue
      take(slot, device)
      if (constraintsHold(slot.claim) && choose(slot, devices, i + 1, count - 1, rest)) return true
      giveBack()
    }
    return false
  }

  function take({ claim, request }: Slot, device: OfferedDevice): void {
    chosen.push({ claim, request, device })
    used.add(device.id)
  }
  function giveBack(): void {
    const last = chosen.pop()
    if (last) used.delete(last.device.id)
  }
  const constraintsHold = (claim: number): boolean =>
    (claims[claim]?.devices?.constraints ?? []).every(constraint =>
      holds(
        constraint,
        chosen.filter(each => each.claim === claim),
      ),
    )

  try {
    if (!meet(0)) return { kind: 'impossible' }
  } catch (error) {
    if (error instanceof Impossible) return { kind: 'impossible', because: error.message }
    throw error
  }
  return {
    kind: 'allocated',
    allocations: claims.map((claim, i) =>
      result(
        claim,
        chosen.filter(each => each.claim === i),
        nodeName,
        offer,
      ),
    ),
  }
}

/** What no choice of devices would mend. */
class Impossible extends Error {}

/** Devices of the class that the selectors mean and whose taints are tolerated. */
function candidates({ request, exact }: Slot, offer: Offer): readonly OfferedDevice[] {
  const { deviceClassName, selectors = [], tolerations = [], adminAccess } = exact
  const deviceClass = offer.classes(deviceClassName)
  if (!deviceClass) throw new Impossible(`request ${request}: device class ${deviceClassName} does not exist`)
  if (adminAccess) throw new Impossible(`request ${request}: admin access is requested, but the feature is disabled`)
  const expressions = [...(deviceClass.spec.selectors ?? []), ...selectors].flatMap(({ cel }) => cel?.expression ?? [])
  return offer.pools.flatMap(({ devices }) =>
    devices.filter(({ driver, device }) => {
      const isTolerated = (device.taints ?? []).every(
        ({ effect, ...taint }) => effect === 'None' || tolerations.some(each => tolerates(each, { ...taint, effect })),
      )
      return (
        isTolerated &&
        expressions.every((expression, i) =>
          isSelected(offer, `request ${request}: selector #${i}`, expression, driver, device),
        )
      )
    }),
  )
}

function isSelected(
  { selects }: Offer,
  what: string,
  expression: string,
  driver: string,
  device: OfferedDevice['device'],
): boolean {
  const answer = selects(expression, driver, device)
  if (typeof answer === 'boolean') return answer
  throw new Impossible(`${what}: ${answer.error}`)
}

function holds({ requests, matchAttribute, distinctAttribute }: DeviceConstraint, chosen: readonly Chosen[]): boolean {
  const bound = chosen.filter(({ request }) => !requests?.length || requests.some(name => isRequest(request, name)))
  if (matchAttribute !== undefined) {
    const values = bound.map(({ device }) => attributeOf(device, matchAttribute))
    return values.every(value => value !== undefined && value === values[0])
  }
  if (distinctAttribute !== undefined) {
    const values = bound.map(({ device }) => attributeOf(device, distinctAttribute))
    return values.every(value => value !== undefined) && new Set(values).size === values.length
  }
  return true
}

/** `gpu` names all alternatives of that request. */
const isRequest = (request: string, name: string): boolean => request === name || request.startsWith(`${name}/`)

function attributeOf({ driver, device }: OfferedDevice, name: string): string | undefined {
  const [domain, id] = splitName(name, driver)
  const attribute = device.attributes?.[name] ?? (domain === driver ? device.attributes?.[id] : undefined)
  return attribute && JSON.stringify(attribute)
}

function result({ devices }: ClaimSpec, chosen: readonly Chosen[], nodeName: string, { classes }: Offer): Allocation {
  const classOf = (request: string): DeviceClass | undefined => {
    const asked = devices?.requests?.find(({ name }) => isRequest(request, name))
    const exact = asked?.exactly ?? asked?.firstAvailable?.find(({ name }) => request === `${asked.name}/${name}`)
    return exact && classes(exact.deviceClassName)
  }
  const names = [...new Set(chosen.map(({ request }) => request))]
  const fromClass = names.flatMap(request =>
    (classOf(request)?.spec.config ?? []).map(
      ({ opaque }) => ({ source: 'FromClass', requests: [request], opaque }) as const,
    ),
  )
  const fromClaim = (devices?.config ?? []).map(config => ({ source: 'FromClaim', ...config }) as const)
  const config = [...fromClass, ...fromClaim]
  const isLocal = chosen.some(({ device }) => device.reach.allNodes !== true)
  const onNode = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] as const
  return {
    devices: {
      results: chosen.map(({ request, device: { driver, pool, device } }) => ({
        request,
        driver,
        pool,
        device: device.name,
      })),
      ...(config.length > 0 ? { config } : {}),
    },
    ...(isLocal ? { nodeSelector: { nodeSelectorTerms: [{ matchFields: onNode }] } } : {}),
  }
}
