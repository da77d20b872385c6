/** Whether a CEL selector means a device (k8s.io/dynamic-resource-allocation/cel): compiled once, asked once for every device. */
import { quantity, semver } from '../../kube/cel/library/kubernetes.ts'
import { type Compiled, compileExpression } from '../../kube/cel/program.ts'
import { BOOL, type CelType, DYN, mapOf, objectType, STRING } from '../../kube/cel/types.ts'
import { CelMap, type CelValue, MapValue } from '../../kube/cel/values.ts'
import type { Device, DeviceAttribute } from '../../kube/devices.ts'

/** True, false, or what went wrong. */
export type SelectorAnswer = boolean | { readonly error: string }

export type DeviceSelectors = (expression: string, driver: string, device: Device) => SelectorAnswer

/** CELSelectorExpressionMaxCost */
const MAX_COST = 1_000_000

const field = (jsonName: string, type: CelType) => [jsonName, { jsonName, type }] as const
const DEVICE = objectType(
  'kubernetes.DRADevice',
  new Map([
    field('driver', STRING),
    field('attributes', mapOf(STRING, mapOf(STRING, DYN))),
    field('capacity', mapOf(STRING, mapOf(STRING, { name: 'kubernetes.Quantity', params: [] }))),
    field('allowMultipleAllocations', BOOL),
  ]),
)
const VARIABLES = new Map([['device', DEVICE]])

export function createDeviceSelectors(): DeviceSelectors {
  const compiled = new Map<string, Compiled>()
  const values = new WeakMap<Device, CelValue>()
  const answers = new WeakMap<Device, Map<string, SelectorAnswer>>()

  function ask(expression: string, driver: string, device: Device): SelectorAnswer {
    const known = compiled.get(expression) ?? compileExpression(expression, VARIABLES)
    compiled.set(expression, known)
    if (!('program' in known)) return { error: `compilation failed: ${known.issues}` }
    const value = values.get(device) ?? deviceValue(driver, device)
    values.set(device, value)
    const outcome = known.program.run({ device: value }, MAX_COST)
    if (outcome.kind !== 'value') return { error: `runtime error: ${outcome.message}` }
    return typeof outcome.value === 'boolean' ? outcome.value : { error: 'must evaluate to bool' }
  }

  return (expression, driver, device) => {
    const ofDevice = answers.get(device) ?? new Map<string, SelectorAnswer>()
    answers.set(device, ofDevice)
    const known = ofDevice.get(expression)
    if (known !== undefined) return known
    const answer = ask(expression, driver, device)
    ofDevice.set(expression, answer)
    return answer
  }
}

const EMPTY = new MapValue([])

/** By domain; a domain that the device has nothing of is there, and empty. */
class Domains extends CelMap {
  private readonly domains: ReadonlyMap<string, CelMap>
  constructor(domains: ReadonlyMap<string, CelMap>) {
    super()
    this.domains = domains
  }
  get size(): number {
    return this.domains.size
  }
  get(key: CelValue): CelValue {
    return this.domains.get(String(key)) ?? EMPTY
  }
  keys(): Iterable<CelValue> {
    return this.domains.keys()
  }
}

const deviceValue = (driver: string, { attributes = {}, capacity = {} }: Device): CelValue =>
  new MapValue([
    ['driver', driver],
    ['attributes', byDomain(driver, attributes, attributeValue)],
    ['capacity', byDomain(driver, capacity, ({ value }) => quantity(value))],
    ['allowMultipleAllocations', false],
  ])

function byDomain<T>(driver: string, entries: Readonly<Record<string, T>>, read: (entry: T) => CelValue): CelMap {
  const domains = new Map<string, [CelValue, CelValue][]>()
  for (const [name, entry] of Object.entries(entries)) {
    const [domain, id] = splitName(name, driver)
    const inDomain = domains.get(domain) ?? []
    inDomain.push([id, read(entry)])
    domains.set(domain, inDomain)
  }
  return new Domains(new Map([...domains].map(([domain, all]) => [domain, new MapValue(all)])))
}

/** `vendor.com/model`, or `model` of the driver's own domain. */
export function splitName(name: string, driver: string): readonly [string, string] {
  const at = name.indexOf('/')
  return at < 0 ? [driver, name] : [name.slice(0, at), name.slice(at + 1)]
}

function attributeValue({ int, bool, string, version }: DeviceAttribute): CelValue {
  if (int !== undefined) return BigInt(int)
  if (version !== undefined) return semver(version)
  return bool ?? string ?? null
}
