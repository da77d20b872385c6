/** Accelerators by name. `data/hardware.ts` has what is published of each, `data/device-facts.ts` the rest; here they become one table. */
import { didYouMean } from '../../base/did-you-mean.ts'
import { fail, ok, type Result } from '../../base/problem.ts'
import { DEVICE_FACTS, type DeviceFacts } from './data/device-facts.ts'
import { PUBLISHED_HARDWARE, type PublishedHardware } from './data/hardware.ts'
import type { Device, NumberFormat } from './device.ts'
import type { NodePool } from './fleet.ts'

const GIGA = 1e9
const TERA = 1e12
const BITS = 8
const MEBI = 2 ** 20

/** A device in the host that its vendor recommends: everything of a pool but the number of nodes. */
export type ReferenceHost = Omit<NodePool, 'nodes'>

export interface KnownDevice {
  readonly host: ReferenceHost
  /** The first one stands in presets. */
  readonly aliases: readonly string[]
}

/** In the order of generations, oldest first. */
export const KNOWN_DEVICES: readonly KnownDevice[] = Object.entries(DEVICE_FACTS).map(([name, facts]) => ({
  host: referenceHost(name, published(facts.variantOf ?? name), facts),
  aliases: facts.aliases,
}))

const BY_NAME: ReadonlyMap<string, KnownDevice> = new Map(
  KNOWN_DEVICES.flatMap(known => [known.host.device.name, ...known.aliases].map(name => [plain(name), known])),
)

/** By any name: `h100`, `H100-80GB SXM`, `A100-40GB`. `field`: where the user wrote it. */
export function device(name: string, field = ''): Result<Device> {
  const known = knownDevice(name, field)
  return known.ok ? ok(known.value.host.device) : known
}

export function knownDevice(name: string, field = ''): Result<KnownDevice> {
  const found = BY_NAME.get(plain(name))
  if (found) return ok(found)
  const names = KNOWN_DEVICES.map(({ aliases }) => aliases[0]!)
  return fail({
    field,
    what: `is ${JSON.stringify(name)}`,
    why: 'no device of that name is known',
    fix: didYouMean(name, BY_NAME.keys()) ?? `Write one of ${names.join(', ')}.`,
  })
}

/**
 * The device that a driver's or a cloud's name for it speaks of: `NVIDIA-H100-80GB-HBM3`, `AMD_Instinct_MI300X_OAM`. The longest name of
 * ours whose words stand in it, one after the other.
 */
export function knownDeviceIn(text: string): KnownDevice | undefined {
  const words = `-${plain(text)}-`
  const isCard = words.includes('-pcie-')
  const names = [...BY_NAME.keys()].filter(name => words.includes(`-${name}-`) && (!isCard || name.includes('pcie')))
  const longest = names.reduce<string>((best, name) => (name.length > best.length ? name : best), '')
  return BY_NAME.get(longest)
}

/** `H100-80GB SXM` and `NVIDIA-H100_80GB` are read alike. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(nvidia|amd|google)[\s_-]+/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

function published(name: string): PublishedHardware {
  return PUBLISHED_HARDWARE.find(row => row.name === name)!
}

function referenceHost(name: string, row: PublishedHardware, facts: DeviceFacts): ReferenceHost {
  return {
    device: {
      name,
      generation: facts.generation,
      peakFlops: peaks(row, facts),
      memoryBytes: (facts.memoryMebibytes ?? (row.memoryGigabytes ?? 0) * 1024) * MEBI,
      memoryBytesPerSecond: (facts.memoryGigabytesPerSecond ?? row.memoryGigabytesPerSecond ?? 0) * GIGA,
      processors: facts.processors,
      source: `${row.source}; ${facts.source}`,
    },
    devicesPerNode: row.devicesPerNode,
    domainDevices: facts.domainDevices ?? row.domainDevices,
    scaleUpBytesPerSecond: (facts.scaleUpGigabytesPerSecond ?? row.scaleUpGigabytesPerSecond ?? 0) * GIGA,
    nicBytesPerSecond: ((facts.nicGigabitsPerSecond ?? row.nicGigabitsPerSecond ?? 0) * GIGA) / BITS,
    railAligned: facts.generation !== 'volta' && facts.generation !== 'tpu',
    ...(facts.pricePerDeviceHour === undefined ? {} : { pricePerDeviceHour: facts.pricePerDeviceHour }),
    failuresPerDeviceHour: facts.failuresPerDeviceHour,
  }
}

/** Block-scaled fp8 runs at the rate of fp8 where the hardware has it (Blackwell, CDNA4); elsewhere it is emulated at the base's rate. */
function peaks({ teraflops }: PublishedHardware, { generation, teraflopsFp32 }: DeviceFacts): Device['peakFlops'] {
  const hasMicroScaling = generation === 'blackwell' || generation === 'cdna4'
  const rates: Readonly<Record<NumberFormat, number | null | undefined>> = {
    fp32: teraflopsFp32,
    fp16: teraflops.fp16,
    bf16: teraflops.bf16,
    fp8: teraflops.fp8,
    mxfp8: hasMicroScaling ? teraflops.fp8 : undefined,
    nvfp4: generation === 'blackwell' ? teraflops.fp4 : undefined,
  }
  return Object.fromEntries(
    Object.entries(rates).flatMap(([format, rate]) => (typeof rate === 'number' ? [[format, rate * TERA]] : [])),
  )
}
