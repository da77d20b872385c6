/**
 * The machines of a row: the device by name, corrected by what `hardware.system` says of it (torchtitan's H100 have 96 GB of slower memory
 * and a lower power cap), its node, and the network where the page states it.
 */

import { PUBLISHED_HARDWARE, type PublishedHardware } from '../../../src/planner/fleet/data/hardware.ts'
import type { Device, Generation } from '../../../src/planner/fleet/device.ts'
import type { Fleet } from '../../../src/planner/fleet/fleet.ts'
import type { Row } from './row.ts'

const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^V100/, 'V100-32GB SXM'],
  [/^A100-40/, 'A100-40GB SXM'],
  [/^A100.*PCIe/i, 'A100-80GB PCIe'],
  [/^A[18]00/, 'A100-80GB SXM'],
  [/^H100/, 'H100-80GB SXM'],
  [/^H200/, 'H200-141GB SXM'],
  [/^H800/, 'H800-80GB SXM'],
  [/^GH200/, 'GH200'],
  [/^B200/, 'B200 SXM'],
  [/^B300/, 'B300 SXM'],
  [/^GB200/, 'GB200 NVL72'],
  [/^GB300/, 'GB300 NVL72'],
  [/^MI250/, 'MI250'],
  [/^MI300/, 'MI300X'],
  [/^MI325/, 'MI325X'],
  [/^MI355/, 'MI355X'],
]

const PROCESSORS: Record<string, number> = {
  volta: 80,
  ampere: 108,
  hopper: 132,
  blackwell: 148,
  cdna3: 304,
  cdna4: 256,
}

function generationOf(name: string): Generation {
  if (/^V100/.test(name)) return 'volta'
  if (/^A/.test(name)) return 'ampere'
  if (/^G?H/.test(name)) return 'hopper'
  if (/^G?B/.test(name)) return 'blackwell'
  return /355/.test(name) ? 'cdna4' : 'cdna3'
}

export function publishedOf(gpu: string | null | undefined): PublishedHardware | undefined {
  const name = NAMES.find(([pattern]) => pattern.test(gpu ?? ''))?.[1]
  return PUBLISHED_HARDWARE.find(hardware => hardware.name === name)
}

export function missingOfFleet(row: Row): readonly string[] {
  if (!row.hardware.gpus) return ['hardware.gpus']
  if (/^TPU/.test(row.hardware.gpu ?? '')) return ['an accelerator that is priced (TPUs are not)']
  return publishedOf(row.hardware.gpu) ? [] : [`a known device (hardware.gpu is ${row.hardware.gpu})`]
}

function deviceOf(row: Row, published: PublishedHardware): Device {
  const system = row.hardware.system ?? ''
  const t = published.teraflops
  const scaled = (tera: number | null): number | undefined =>
    tera === null ? undefined : tera * 1e12 * powerShare(system, published.name)
  const generation = generationOf(published.name)
  const memory =
    /(\d+) ?GB/.exec(row.hardware.gpu ?? '')?.[1] ??
    /\b(\d+) ?GB HBM/.exec(system)?.[1] ??
    /(\d+) ?GB/.exec(system)?.[1]
  const bandwidth = /([\d.]+) TB\/s/.exec(system)?.[1]
  return {
    name: nameOf(published.name, system),
    generation,
    peakFlops: Object.fromEntries(
      Object.entries({
        fp16: scaled(t.fp16),
        bf16: scaled(t.bf16),
        fp8: scaled(t.fp8),
        ...(generation === 'blackwell' ? { mxfp8: scaled(t.fp8), nvfp4: scaled(t.fp4) } : {}),
      }).filter(([, value]) => value !== undefined),
    ),
    memoryBytes: (memory ? Number(/\b(\d+) ?GB HBM/.exec(system)?.[1] ?? memory) : published.memoryGigabytes!) * 1e9,
    memoryBytesPerSecond: bandwidth ? Number(bandwidth) * 1e12 : published.memoryGigabytesPerSecond! * 1e9,
    processors: PROCESSORS[generation]!,
    source: published.source,
  }
}

/** A device that differs from the one of its name is called otherwise: prices are remembered by name. */
const nameOf = (name: string, system: string): string =>
  powerShare(system, name) < 1 ? `${name}, limited to ${Math.round(100 * powerShare(system, name))} %` : name

const DESIGN_WATTS: Record<string, number> = { 'H100-80GB SXM': 700, 'B200 SXM': 1000, 'A100-80GB SXM': 400 }
/** What a page that only says "power-limited" is read as: three quarters, as the vendors' own lower settings are. */
const UNSTATED_LIMIT = 0.75

/** Rate left under a power limit: dynamic power goes with the cube of the clock, but a third of the board's power is not dynamic. */
function powerShare(system: string, name: string): number {
  const watts = /(\d+) ?W\b/.exec(system)?.[1]
  const design = DESIGN_WATTS[name]
  const share =
    watts && design ? Math.min(1, Number(watts) / design) : /power[- ]limited/i.test(system) ? UNSTATED_LIMIT : 1
  return Math.sqrt(share)
}

/** "1600 Gb/s per node", "400 Gb/s per GPU", a number of GB/s; undefined where the page does not say. */
function nicBytesPerSecond(row: Row, perNode: number): number | undefined {
  const stated = row.hardware.inter_bw
  if (typeof stated === 'number') return stated * 1e9
  const perGpu = /([\d.]+) ?Gb\/s per GPU/i.exec(stated ?? '')
  if (perGpu) return (Number(perGpu[1]) * 1e9) / 8
  const node = /([\d.]+) ?Gb\/s per node/i.exec(stated ?? '')
  if (node) return (Number(node[1]) * 1e9) / 8 / perNode
  if (/Jean Zay/.test(row.hardware.system ?? '')) return 12.5e9
  return undefined
}

export function fleetOfRow(row: Row): Fleet {
  const published = publishedOf(row.hardware.gpu)!
  const gpus = row.hardware.gpus!
  const perNode = Math.min(gpus, row.hardware.gpus_per_node ?? published.devicesPerNode)
  return {
    name: row.hardware.system ?? published.name,
    pools: [
      {
        device: deviceOf(row, published),
        nodes: Math.ceil(gpus / perNode),
        devicesPerNode: perNode,
        domainDevices: Math.max(perNode, published.domainDevices),
        scaleUpBytesPerSecond: published.scaleUpGigabytesPerSecond! * 1e9,
        nicBytesPerSecond: nicBytesPerSecond(row, perNode) ?? ((published.nicGigabitsPerSecond ?? 100) * 1e9) / 8,
        railAligned: true,
        failuresPerDeviceHour: 0,
      },
    ],
    tiers: [],
    inNetworkReduction: false,
  }
}
