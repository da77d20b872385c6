/**
 * Writes src/planner/fleet/data/hardware.ts from ../shared/planner/data/hardware.json: published peaks and bandwidths of the accelerators.
 * `node scripts/run-ts.js bench/planner/make-hardware.ts [hardware.json]`
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Accelerator {
  readonly name: string
  readonly peak_dense_tflops: Readonly<Record<'bf16' | 'fp16' | 'fp8' | 'fp4', number | null>>
  readonly hbm_gb: number | null
  readonly hbm_bw_gbps: number | null
  readonly scaleup_unidir_gbps_per_gpu: number | null
  readonly scaleup_domain?: number
  readonly gpus_per_node: number
  readonly nic_gbit_per_gpu_reference: number | null
  readonly sources: readonly string[]
}

const root = join(import.meta.dirname, '../..')
const from = process.argv[2] ?? join(root, '../shared/planner/data/hardware.json')
const { accelerators } = JSON.parse(readFileSync(from, 'utf8')) as { readonly accelerators: readonly Accelerator[] }

const lines = accelerators.map(of => {
  const { bf16, fp16, fp8, fp4 } = of.peak_dense_tflops
  const fields = {
    name: of.name,
    teraflops: { bf16, fp16, fp8, fp4 },
    memoryGigabytes: of.hbm_gb,
    memoryGigabytesPerSecond: of.hbm_bw_gbps,
    scaleUpGigabytesPerSecond: of.scaleup_unidir_gbps_per_gpu,
    devicesPerNode: of.gpus_per_node,
    domainDevices: of.scaleup_domain ?? of.gpus_per_node,
    nicGigabitsPerSecond: of.nic_gbit_per_gpu_reference,
    source: of.sources.join('; '),
  }
  return `  ${JSON.stringify(fields)},`
})

const text = `/**
 * Accelerators as published: dense peaks, memory, links of the reference host. Generated, do not edit:
 * \`node scripts/run-ts.js bench/planner/make-hardware.ts && npx biome check --write src/planner/fleet/data\`
 */
export interface PublishedHardware {
  readonly name: string
  /** Dense, 10^12 operations a second; null: the format is not there, or not published. */
  readonly teraflops: Readonly<Record<'bf16' | 'fp16' | 'fp8' | 'fp4', number | null>>
  readonly memoryGigabytes: number | null
  readonly memoryGigabytesPerSecond: number | null
  /** One direction, all links of one device. */
  readonly scaleUpGigabytesPerSecond: number | null
  readonly devicesPerNode: number
  readonly domainDevices: number
  /** Of one device, in the vendor's reference host. */
  readonly nicGigabitsPerSecond: number | null
  readonly source: string
}

export const PUBLISHED_HARDWARE: readonly PublishedHardware[] = [
${lines.join('\n')}
]
`
writeFileSync(join(root, 'src/planner/fleet/data/hardware.ts'), text)
