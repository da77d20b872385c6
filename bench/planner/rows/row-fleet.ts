/**
 * The machines of a row: the device by name in its reference host, corrected by what `hardware.system` says of it (torchtitan's H100 have 96 GB of
 * slower memory and a lower power limit), and the network where the page states it.
 */
import type { Device } from '../../../src/planner/fleet/device.ts'
import { knownDevice, type ReferenceHost } from '../../../src/planner/fleet/devices.ts'
import type { Fleet } from '../../../src/planner/fleet/fleet.ts'
import type { Row } from './row.ts'

function hostOf(gpu: string | null | undefined): ReferenceHost | undefined {
  if (!gpu || /^TPU/.test(gpu)) return undefined
  const known = knownDevice(gpu)
  return known.ok ? known.value.host : undefined
}

export function missingOfFleet(row: Row): readonly string[] {
  if (!row.hardware.gpus) return ['hardware.gpus']
  if (/^TPU/.test(row.hardware.gpu ?? '')) return ['an accelerator that is priced (TPUs are not)']
  return hostOf(row.hardware.gpu) ? [] : [`a known device (hardware.gpu is ${row.hardware.gpu})`]
}

const DESIGN_WATTS: Readonly<Record<string, number>> = {
  'H100-80GB SXM': 700,
  'H200-141GB SXM': 700,
  'B200 SXM': 1000,
  'A100-80GB SXM': 400,
}
/** What a page that only says "power-limited" is read as: three quarters, as the vendors' own lower settings are. */
const UNSTATED_LIMIT = 0.75

/** Rate left under a power limit: dynamic power goes with the cube of the clock, but a third of the board's power is not dynamic. */
function rateShare(system: string, name: string): number {
  const watts = /(\d+) ?W\b/.exec(system)?.[1]
  const design = DESIGN_WATTS[name]
  const stated = watts && design ? Math.min(1, Number(watts) / design) : undefined
  return Math.sqrt(stated ?? (/power[- ]limited/i.test(system) ? UNSTATED_LIMIT : 1))
}

/** Under a power limit the device is called otherwise: prices are remembered by name. */
function deviceOf(row: Row, device: Device): Device {
  const system = row.hardware.system ?? ''
  const share = rateShare(system, device.name)
  // Of the device alone: "8x MI300X, 192 GB" is its, "2 TB a node" is not.
  const memory = new RegExp(`${device.name.split('-')[0]}[^,;]*?\\b(\\d+) ?GB`).exec(system)?.[1]
  const bandwidth = /([\d.]+) TB\/s/.exec(system)?.[1]
  return {
    ...device,
    name: share < 1 ? `${device.name}, limited to ${Math.round(100 * share)} %` : device.name,
    peakFlops: Object.fromEntries(Object.entries(device.peakFlops).map(([format, rate]) => [format, rate * share])),
    memoryBytes: memory ? Math.max(device.memoryBytes, Number(memory) * 2 ** 30) : device.memoryBytes,
    memoryBytesPerSecond: bandwidth ? Number(bandwidth) * 1e12 : device.memoryBytesPerSecond,
  }
}

/** "1600 Gb/s per node", "400 Gb/s per GPU", a number of GB/s; undefined where the page does not say. */
function nicBytesPerSecond(row: Row, perNode: number): number | undefined {
  const stated = row.hardware.inter_bw
  if (typeof stated === 'number') return stated * 1e9
  const perGpu = /([\d.]+) ?Gb\/s per GPU/i.exec(stated ?? '')
  if (perGpu) return (Number(perGpu[1]) * 1e9) / 8
  const node = /([\d.]+) ?Gb\/s per node/i.exec(stated ?? '')
  if (node) return (Number(node[1]) * 1e9) / 8 / perNode
  // Four Omni-Path adapters of 100 Gb/s for four devices.
  return /Jean Zay/.test(row.hardware.system ?? '') ? 12.5e9 : undefined
}

export function fleetOfRow(row: Row): Fleet {
  const host = hostOf(row.hardware.gpu)!
  const gpus = row.hardware.gpus!
  const perNode = Math.min(gpus, row.hardware.gpus_per_node ?? host.devicesPerNode)
  return {
    name: row.hardware.system ?? host.device.name,
    pools: [
      {
        ...host,
        device: deviceOf(row, host.device),
        nodes: Math.ceil(gpus / perNode),
        devicesPerNode: perNode,
        domainDevices: host.domainDevices > host.devicesPerNode ? host.domainDevices : perNode,
        nicBytesPerSecond: nicBytesPerSecond(row, perNode) ?? host.nicBytesPerSecond,
        railAligned: true,
      },
    ],
    tiers: [],
    inNetworkReduction: false,
  }
}
