/** A device that was measured where it stands becomes the planner's: its curves as they are, and the few figures that a data sheet would give. */
import { fail, ok, type Result } from '../../base/problem.ts'
import { MEASURED_PASSES, type MeasuredDevice, type MeasuredPrecision } from '../../spec/measured-device.ts'
import type { Device, Generation, NumberFormat } from './device.ts'
import { knownDeviceIn, type ReferenceHost } from './devices.ts'

/** Where a GPU's name is not known: what fused kernels there are is as on the last but one generation. */
const USUAL_GPU: Generation = 'hopper'

/** Of a device and hour, as Llama 3 saw them: none are known of a machine that was only measured. */
const USUAL_FAILURES = 2e-5

/** All that was measured lies in one node, whose links were measured as well. */
export function measuredHost(name: string, measured: MeasuredDevice, field: string): Result<ReferenceHost> {
  const missing = lacking(measured)
  if (missing)
    return fail({
      field: `${field}.${missing}`,
      what: 'is missing or has no numbers',
      why: 'a measured device is what solvent calibrate writes, whole',
      fix: 'Run solvent calibrate again and use its file as it is.',
    })
  const known = measured.kind === 'cuda' ? knownDeviceIn(measured.name)?.host : undefined
  const device: Device = {
    name,
    generation: measured.kind === 'cpu' ? 'cpu' : (known?.device.generation ?? USUAL_GPU),
    peakFlops: peaks(measured),
    memoryBytes: measured.memoryBytes,
    memoryBytesPerSecond: memoryRate(measured),
    processors: known?.device.processors ?? measured.threads,
    source: `measured with torch ${measured.torch}`,
    measured,
  }
  const link = measured.links['all-gather']
  const rate = link ? link.bytes.at(-1)! / link.seconds.at(-1)! : device.memoryBytesPerSecond
  return ok({
    device,
    devicesPerNode: measured.devices,
    domainDevices: measured.devices,
    scaleUpBytesPerSecond: rate,
    nicBytesPerSecond: rate,
    railAligned: false,
    failuresPerDeviceHour: known?.failuresPerDeviceHour ?? USUAL_FAILURES,
  })
}

/** The best rate that any product reached. */
function peaks({ precisions }: MeasuredDevice): Device['peakFlops'] {
  const rates = Object.entries(precisions).map(([format, { products }]) => [
    format,
    Math.max(...products.rates.flat(2)),
  ])
  return Object.fromEntries(rates) as Partial<Record<NumberFormat, number>>
}

function memoryRate({ precisions }: MeasuredDevice): number {
  const { residual } = (precisions.fp32 ?? precisions.bf16)!.passes
  return residual.bytes.at(-1)! / residual.forward.at(-1)!
}

/** The first part that is not as `MeasuredDevice` says. */
function lacking(measured: MeasuredDevice): string | undefined {
  for (const part of ['kind', 'name', 'memoryBytes', 'devices', 'threads', 'precisions', 'update', 'links'] as const)
    if (measured[part] === undefined) return part
  const formats = Object.entries(measured.precisions)
  if (formats.length === 0) return 'precisions'
  for (const [format, precision] of formats) {
    const part = lackingOf(precision)
    if (part) return `precisions.${format}.${part}`
  }
  for (const [name, curve] of Object.entries(measured.update))
    if (!alike(curve.parameters, curve.seconds)) return `update.${name}`
  if (!measured.update.adam) return 'update.adam'
  for (const [name, curve] of Object.entries(measured.links))
    if (!alike(curve.bytes, curve.seconds)) return `links.${name}`
  return undefined
}

function lackingOf({ products, attention, passes }: MeasuredPrecision): string | undefined {
  if (!isCube(products?.rates, products?.sizes?.length)) return 'products'
  const { head_sizes: sizes, keys, forward, backward } = attention ?? {}
  if (!isTable(forward, sizes?.length, keys?.length) || !isTable(backward, sizes?.length, keys?.length))
    return 'attention'
  const pass = MEASURED_PASSES.find(
    each =>
      !alike(passes?.[each]?.bytes, passes?.[each]?.forward) || !alike(passes?.[each]?.bytes, passes?.[each]?.backward),
  )
  return pass && `passes.${pass}`
}

const isCube = (cube: unknown, size = 0): boolean =>
  size > 0 && Array.isArray(cube) && cube.length === size && cube.every(each => isTable(each, size, size))

const isTable = (rows: unknown, height = 0, width = 0): boolean =>
  height > 0 && Array.isArray(rows) && rows.length === height && rows.every(row => isRow(row, width))

const isRow = (row: unknown, length: number): boolean =>
  length > 0 && Array.isArray(row) && row.length === length && row.every(each => typeof each === 'number' && each >= 0)

const alike = (xs: unknown, ys: unknown): boolean => Array.isArray(xs) && isRow(xs, xs.length) && isRow(ys, xs.length)
