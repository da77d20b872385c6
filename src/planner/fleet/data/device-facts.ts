/**
 * What data/hardware.ts lacks, by the name of the device: generation, processors, the memory that a program sees, the words people use,
 * the host's network where the vendor has no reference, price and failures. Each figure says where it is from; what nobody publishes is absent.
 */
import type { Generation } from '../device.ts'

export interface DeviceFacts {
  readonly generation: Generation
  readonly processors: number
  /** As people write them, in lower case with hyphens; the first is used in presets and messages. */
  readonly aliases: readonly string[]
  /** What NVML or rocm-smi reports; nominal gigabytes, read as GiB, where it was not seen. */
  readonly memoryMebibytes?: number
  /** Nominal gigabytes a second, where hardware.json has none. */
  readonly memoryGigabytesPerSecond?: number
  /** Vector units, without tensor cores: what a GEMM in full fp32 gets. */
  readonly teraflopsFp32?: number
  readonly scaleUpGigabytesPerSecond?: number
  readonly domainDevices?: number
  readonly nicGigabitsPerSecond?: number
  /** US dollars. */
  readonly pricePerDeviceHour?: number
  readonly failuresPerDeviceHour: number
  /** What differs from this device of hardware.json, for variants that it lacks. */
  readonly variantOf?: string
  readonly source: string
}

/** Llama 3 herd of models (2407.21783), table 5: 419 unexpected interruptions in 54 days on 16,384 H100. */
const LLAMA_3_FAILURES = 419 / (54 * 24 * 16_384)
/** Kokolis et al. (2410.21680), RSC-1: 6.50 failures a thousand node-days, nodes of eight A100. */
const RSC_1_FAILURES = 6.5 / (1000 * 24 * 8)

/** NVML, as listed in thundergolfer.com/blog/nvidia-gpu-memory-capacity (A100, H100, H200). */
const NVML = 'memory: NVML by thundergolfer.com/blog/nvidia-gpu-memory-capacity'
const PRICE_2026 = 'price: middle of specialised clouds on demand, mercatus-ai.com/blog/cloud-gpu-pricing (May 2026)'
const NO_FAILURES = 'failures: none published, those of Llama 3'

export const DEVICE_FACTS: Readonly<Record<string, DeviceFacts>> = {
  'V100-32GB SXM': {
    generation: 'volta',
    processors: 80,
    aliases: ['v100-32gb', 'v100', 'v100-sxm2-32gb', 'tesla-v100-sxm2-32gb'],
    teraflopsFp32: 15.7,
    // DGX-1: four 100 Gbit/s adapters for eight devices.
    nicGigabitsPerSecond: 50,
    failuresPerDeviceHour: RSC_1_FAILURES,
    source: 'DGX-1 data sheet; failures: as A100, RSC-1',
  },
  'V100-16GB SXM': {
    variantOf: 'V100-32GB SXM',
    generation: 'volta',
    processors: 80,
    aliases: ['v100-16gb', 'v100-sxm2-16gb', 'tesla-v100-sxm2-16gb'],
    memoryMebibytes: 16_384,
    teraflopsFp32: 15.7,
    nicGigabitsPerSecond: 50,
    failuresPerDeviceHour: RSC_1_FAILURES,
    source: 'V100 data sheet; failures: as A100, RSC-1',
  },
  'A100-40GB SXM': {
    generation: 'ampere',
    processors: 108,
    aliases: ['a100-40gb', 'a100-sxm4-40gb'],
    memoryMebibytes: 40_960,
    teraflopsFp32: 19.5,
    failuresPerDeviceHour: RSC_1_FAILURES,
    source: `${NVML}; failures: RSC-1`,
  },
  'A100-80GB SXM': {
    generation: 'ampere',
    processors: 108,
    aliases: ['a100-80gb', 'a100', 'a100-sxm4-80gb'],
    memoryMebibytes: 81_920,
    teraflopsFp32: 19.5,
    pricePerDeviceHour: 1.3,
    failuresPerDeviceHour: RSC_1_FAILURES,
    source: `${NVML}; ${PRICE_2026}; failures: RSC-1`,
  },
  'A100-80GB PCIe': {
    generation: 'ampere',
    processors: 108,
    aliases: ['a100-pcie', 'a100-80gb-pcie', 'a100-pcie-80gb'],
    memoryMebibytes: 81_920,
    teraflopsFp32: 19.5,
    failuresPerDeviceHour: RSC_1_FAILURES,
    source: `${NVML}; failures: RSC-1`,
  },
  'A800-80GB SXM': {
    variantOf: 'A100-80GB SXM',
    generation: 'ampere',
    processors: 108,
    aliases: ['a800-80gb', 'a800', 'a800-sxm4-80gb'],
    memoryMebibytes: 81_920,
    teraflopsFp32: 19.5,
    // Export variant: NVLink of 400 instead of 600 GB/s, both directions together.
    scaleUpGigabytesPerSecond: 200,
    failuresPerDeviceHour: RSC_1_FAILURES,
    source: `A100 with NVLink of 400 GB/s both ways; ${NVML}; failures: RSC-1`,
  },
  'H100-80GB SXM': {
    generation: 'hopper',
    processors: 132,
    aliases: ['h100', 'h100-80gb', 'h100-80gb-hbm3', 'h100-sxm5-80gb', 'h100-sxm'],
    memoryMebibytes: 81_559,
    teraflopsFp32: 67,
    pricePerDeviceHour: 3,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `${NVML}; ${PRICE_2026}; failures: Llama 3`,
  },
  'H100-96GB SXM': {
    variantOf: 'H100-80GB SXM',
    generation: 'hopper',
    processors: 132,
    aliases: ['h100-96gb', 'h100-96gb-hbm2e'],
    memoryMebibytes: 97_871,
    memoryGigabytesPerSecond: 2400,
    teraflopsFp32: 67,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: 'Grand Teton as in torchtitan benchmarks: 96 GB HBM2e, 2.4 TB/s, 500 W; failures: Llama 3',
  },
  'H200-141GB SXM': {
    generation: 'hopper',
    processors: 132,
    aliases: ['h200', 'h200-141gb', 'h200-sxm'],
    memoryMebibytes: 143_771,
    teraflopsFp32: 67,
    pricePerDeviceHour: 4,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `${NVML}; ${PRICE_2026}; ${NO_FAILURES}`,
  },
  GH200: {
    generation: 'hopper',
    processors: 132,
    aliases: ['gh200', 'gh200-144g-hbm3e', 'gh200-480gb'],
    teraflopsFp32: 67,
    // One adapter a superchip, as in GH200 MGX hosts.
    nicGigabitsPerSecond: 400,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `MGX reference: one adapter of 400 Gbit/s a superchip; ${NO_FAILURES}`,
  },
  'H800-80GB SXM': {
    generation: 'hopper',
    processors: 132,
    aliases: ['h800', 'h800-80gb'],
    memoryMebibytes: 81_559,
    teraflopsFp32: 67,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `memory: as H100; ${NO_FAILURES}`,
  },
  'B200 SXM': {
    generation: 'blackwell',
    processors: 148,
    aliases: ['b200', 'b200-180gb', 'b200-sxm'],
    memoryMebibytes: 183_359,
    teraflopsFp32: 75,
    pricePerDeviceHour: 5.25,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `memory: nvidia-smi; price: middle of specialised clouds on demand, lyceum.technology/magazine/nvidia-b200-gpu-cloud-pricing-2026 (March 2026); ${NO_FAILURES}`,
  },
  'B300 SXM': {
    generation: 'blackwell',
    processors: 148,
    aliases: ['b300', 'b300-288gb', 'b300-sxm'],
    memoryMebibytes: 275_040,
    teraflopsFp32: 75,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `memory: nvidia-smi; ${NO_FAILURES}`,
  },
  'GB200 NVL72': {
    generation: 'blackwell',
    processors: 152,
    aliases: ['gb200', 'gb200-nvl72', 'gb200-186gb'],
    memoryMebibytes: 189_471,
    teraflopsFp32: 80,
    // An instance of four devices for 42 dollars.
    pricePerDeviceHour: 10.5,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `memory: nvidia-smi; price: on demand, gpu.blog/gpus/nvidia-gb200-nvl72 (2026), one offer; ${NO_FAILURES}`,
  },
  'GB300 NVL72': {
    generation: 'blackwell',
    processors: 152,
    aliases: ['gb300', 'gb300-nvl72'],
    memoryMebibytes: 284_208,
    teraflopsFp32: 80,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `memory: aiconfigurator systems; ${NO_FAILURES}`,
  },
  MI250: {
    generation: 'cdna2',
    processors: 208,
    aliases: ['mi250', 'instinct-mi250'],
    teraflopsFp32: 45.3,
    // Frontier: a 200 Gbit/s adapter for each package.
    nicGigabitsPerSecond: 200,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `Frontier: 4 x 200 Gbit/s a node; ${NO_FAILURES}`,
  },
  MI300X: {
    generation: 'cdna3',
    processors: 304,
    aliases: ['mi300x', 'mi300', 'instinct-mi300x'],
    memoryMebibytes: 196_592,
    teraflopsFp32: 163.4,
    // Azure ND MI300X v5: eight adapters of 400 Gbit/s.
    nicGigabitsPerSecond: 400,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `Azure ND MI300X v5; ${NO_FAILURES}`,
  },
  MI325X: {
    generation: 'cdna3',
    processors: 304,
    aliases: ['mi325x', 'mi325', 'instinct-mi325x'],
    memoryMebibytes: 262_128,
    teraflopsFp32: 163.4,
    nicGigabitsPerSecond: 400,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `network: as MI300X hosts; ${NO_FAILURES}`,
  },
  MI355X: {
    generation: 'cdna4',
    processors: 256,
    aliases: ['mi355x', 'mi355', 'instinct-mi355x'],
    memoryMebibytes: 294_896,
    teraflopsFp32: 157.3,
    nicGigabitsPerSecond: 400,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `network: as MI300X hosts; ${NO_FAILURES}`,
  },
  'TPU v4': {
    generation: 'tpu',
    processors: 2,
    aliases: ['tpu-v4', 'v4', 'tpu-v4-podslice'],
    // cloud.google.com/tpu/docs/v4 lists six links of 50 GB/s; a slice takes up to the whole pod.
    scaleUpGigabytesPerSecond: 300,
    domainDevices: 4096,
    nicGigabitsPerSecond: 50,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `docs.cloud.google.com/tpu/docs/v4; ${NO_FAILURES}`,
  },
  'TPU v5e': {
    generation: 'tpu',
    processors: 1,
    aliases: ['tpu-v5e', 'v5e', 'tpu-v5-lite-podslice'],
    domainDevices: 256,
    // 6.4 Tbit/s a pod of 256.
    nicGigabitsPerSecond: 25,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `docs.cloud.google.com/tpu/docs/v5e; ${NO_FAILURES}`,
  },
  'TPU v5p': {
    generation: 'tpu',
    processors: 2,
    aliases: ['tpu-v5p', 'v5p', 'tpu-v5p-slice'],
    domainDevices: 8960,
    nicGigabitsPerSecond: 50,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `docs.cloud.google.com/tpu/docs/v5p; ${NO_FAILURES}`,
  },
  'TPU v6e (Trillium)': {
    generation: 'tpu',
    processors: 1,
    aliases: ['tpu-v6e', 'v6e', 'trillium', 'tpu-v6e-slice'],
    memoryMebibytes: 32 * 1024,
    memoryGigabytesPerSecond: 1600,
    // 800 GB/s both directions together.
    scaleUpGigabytesPerSecond: 400,
    domainDevices: 256,
    // 25.6 Tbit/s a pod of 256.
    nicGigabitsPerSecond: 100,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `docs.cloud.google.com/tpu/docs/v6e; ${NO_FAILURES}`,
  },
  'TPU7x (Ironwood)': {
    generation: 'tpu',
    processors: 2,
    aliases: ['tpu7x', 'ironwood', 'tpu-v7x', 'tpu-7x'],
    memoryMebibytes: 192 * 1024,
    memoryGigabytesPerSecond: 7380,
    domainDevices: 9216,
    nicGigabitsPerSecond: 100,
    failuresPerDeviceHour: LLAMA_3_FAILURES,
    source: `docs.cloud.google.com/tpu/docs/tpu7x: 192 GiB, 7,380 GB/s; network: as v6e; ${NO_FAILURES}`,
  },
}
