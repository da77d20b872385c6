/**
 * Accelerators as published: dense peaks, memory, links of the reference host. Generated, do not edit:
 * `node scripts/run-ts.js bench/planner/make-hardware.ts && npx biome check --write src/planner/fleet/data`
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
  {
    name: 'V100-32GB SXM',
    teraflops: { bf16: null, fp16: 125, fp8: null, fp4: null },
    memoryGigabytes: 32,
    memoryGigabytesPerSecond: 900,
    scaleUpGigabytesPerSecond: 150,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: null,
    source:
      'cli99/llm-analysis llm_analysis/gpu_configs/*.json @d841e40; stas00/ml-engineering network/README.md @744d01e18b79 (NVLink2 150 GB/s); bigscience experiments/gpt2.md (125/120 TF)',
  },
  {
    name: 'A100-40GB SXM',
    teraflops: { bf16: 312, fp16: 312, fp8: null, fp4: null },
    memoryGigabytes: 40,
    memoryGigabytesPerSecond: 1555,
    scaleUpGigabytesPerSecond: 300,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: 200,
    source:
      'cli99/llm-analysis llm_analysis/gpu_configs/*.json @d841e40; stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; Megatron-DeepSpeed long-seq README: DGX A100-40GB, 8x HDR 200 Gb/s',
  },
  {
    name: 'A100-80GB SXM',
    teraflops: { bf16: 312, fp16: 312, fp8: null, fp4: null },
    memoryGigabytes: 80,
    memoryGigabytesPerSecond: 2039,
    scaleUpGigabytesPerSecond: 300,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: 200,
    source:
      'cli99/llm-analysis llm_analysis/gpu_configs/*.json @d841e40; stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; calculon-ai/calculon systems/*.json @caa4b11f8fe1 (25 GB/s NIC per GPU); ai-dynamo/aiconfigurator systems/*.yaml @095f58a51',
  },
  {
    name: 'A100-80GB PCIe',
    teraflops: { bf16: 312, fp16: 312, fp8: null, fp4: null },
    memoryGigabytes: 80,
    memoryGigabytesPerSecond: 1935,
    scaleUpGigabytesPerSecond: 32,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: 200,
    source:
      'cli99/llm-analysis llm_analysis/gpu_configs/*.json @d841e40; ai-dynamo/aiconfigurator systems/*.yaml @095f58a51',
  },
  {
    name: 'H100-80GB SXM',
    teraflops: { bf16: 989, fp16: 989, fp8: 1979, fp4: null },
    memoryGigabytes: 80,
    memoryGigabytesPerSecond: 3350,
    scaleUpGigabytesPerSecond: 450,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: 400,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; cli99/llm-analysis llm_analysis/gpu_configs/*.json @d841e40; ai-dynamo/aiconfigurator systems/*.yaml @095f58a51; calculon-ai/calculon systems/*.json @caa4b11f8fe1; mlcommons/training_results_v3.0..v5.1 */systems/*.json',
  },
  {
    name: 'H200-141GB SXM',
    teraflops: { bf16: 989, fp16: 989, fp8: 1979, fp4: null },
    memoryGigabytes: 141,
    memoryGigabytesPerSecond: 4800,
    scaleUpGigabytesPerSecond: 450,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: 400,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; ai-dynamo/aiconfigurator systems/*.yaml @095f58a51; mlcommons/training_results_v3.0..v5.1 */systems/*.json',
  },
  {
    name: 'GH200',
    teraflops: { bf16: 989, fp16: 989, fp8: 1979, fp4: null },
    memoryGigabytes: 141,
    memoryGigabytesPerSecond: 4800,
    scaleUpGigabytesPerSecond: 450,
    devicesPerNode: 1,
    domainDevices: 1,
    nicGigabitsPerSecond: null,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; stas00/ml-engineering network/README.md @744d01e18b79',
  },
  {
    name: 'H800-80GB SXM',
    teraflops: { bf16: 989, fp16: 989, fp8: 1979, fp4: null },
    memoryGigabytes: 80,
    memoryGigabytesPerSecond: 3350,
    scaleUpGigabytesPerSecond: 200,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: 400,
    source:
      'philisun.com and tumgag.com H800-vs-H100 pages (NVLink 400 GB/s bidirectional; low-precision compute and HBM same as H100)',
  },
  {
    name: 'B200 SXM',
    teraflops: { bf16: 2250, fp16: 2250, fp8: 4500, fp4: 9000 },
    memoryGigabytes: 180,
    memoryGigabytesPerSecond: 8000,
    scaleUpGigabytesPerSecond: 900,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: 400,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; ai-dynamo/aiconfigurator systems/*.yaml @095f58a51; mlcommons/training_results_v3.0..v5.1 */systems/*.json (Nebius/DGX B200: 8x CX-7 400 Gb/s)',
  },
  {
    name: 'B300 SXM',
    teraflops: { bf16: 2250, fp16: 2250, fp8: 4500, fp4: 14000 },
    memoryGigabytes: 288,
    memoryGigabytesPerSecond: 8000,
    scaleUpGigabytesPerSecond: 900,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: 800,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; ai-dynamo/aiconfigurator systems/*.yaml @095f58a51; mlcommons/training_results_v3.0..v5.1 */systems/*.json (8x CX-8 800 Gb/s)',
  },
  {
    name: 'GB200 NVL72',
    teraflops: { bf16: 2500, fp16: 2500, fp8: 5000, fp4: 10000 },
    memoryGigabytes: 186,
    memoryGigabytesPerSecond: 8000,
    scaleUpGigabytesPerSecond: 900,
    devicesPerNode: 4,
    domainDevices: 72,
    nicGigabitsPerSecond: 400,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; ai-dynamo/aiconfigurator systems/*.yaml @095f58a51; NVIDIA/dgxc-benchmarking llama3.1/README.md:67-70 @v25.05.05 (uses 2450/4900); mlcommons/training_results_v3.0..v5.1 */systems/*.json (4x CX-7 400 Gb/s per 4-GPU node)',
  },
  {
    name: 'GB300 NVL72',
    teraflops: { bf16: 2500, fp16: 2500, fp8: 5000, fp4: 15000 },
    memoryGigabytes: 288,
    memoryGigabytesPerSecond: 8000,
    scaleUpGigabytesPerSecond: 900,
    devicesPerNode: 4,
    domainDevices: 72,
    nicGigabitsPerSecond: 800,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; ai-dynamo/aiconfigurator systems/*.yaml @095f58a51 (284208 MiB); mlcommons/training_results_v3.0..v5.1 */systems/*.json (4x CX-8 800 Gb/s per 4-GPU node)',
  },
  {
    name: 'MI250',
    teraflops: { bf16: 362, fp16: 362, fp8: null, fp4: null },
    memoryGigabytes: 128,
    memoryGigabytesPerSecond: 3280,
    scaleUpGigabytesPerSecond: 350,
    devicesPerNode: 4,
    domainDevices: 4,
    nicGigabitsPerSecond: null,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; stas00/ml-engineering network/README.md @744d01e18b79; cli99/llm-analysis llm_analysis/gpu_configs/*.json @d841e40',
  },
  {
    name: 'MI300X',
    teraflops: { bf16: 1307, fp16: 1307, fp8: 2610, fp4: null },
    memoryGigabytes: 192,
    memoryGigabytesPerSecond: 5300,
    scaleUpGigabytesPerSecond: 448,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: null,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; stas00/ml-engineering network/README.md @744d01e18b79; microsoft/nnscaler examples/llama (1307.4)',
  },
  {
    name: 'MI325X',
    teraflops: { bf16: 1300, fp16: 1300, fp8: 2610, fp4: null },
    memoryGigabytes: 256,
    memoryGigabytesPerSecond: 6000,
    scaleUpGigabytesPerSecond: 448,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: null,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; stas00/ml-engineering network/README.md @744d01e18b79',
  },
  {
    name: 'MI355X',
    teraflops: { bf16: 2500, fp16: 2500, fp8: 5000, fp4: 10100 },
    memoryGigabytes: 288,
    memoryGigabytesPerSecond: 8000,
    scaleUpGigabytesPerSecond: 535.5,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: null,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; stas00/ml-engineering network/README.md @744d01e18b79',
  },
  {
    name: 'TPU v4',
    teraflops: { bf16: 275, fp16: null, fp8: null, fp4: null },
    memoryGigabytes: 32,
    memoryGigabytesPerSecond: 1200,
    scaleUpGigabytesPerSecond: null,
    devicesPerNode: 4,
    domainDevices: 4,
    nicGigabitsPerSecond: null,
    source: 'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; docs.cloud.google.com/tpu/docs/v4',
  },
  {
    name: 'TPU v5e',
    teraflops: { bf16: 197, fp16: null, fp8: null, fp4: null },
    memoryGigabytes: 16,
    memoryGigabytesPerSecond: 819,
    scaleUpGigabytesPerSecond: 200,
    devicesPerNode: 8,
    domainDevices: 8,
    nicGigabitsPerSecond: null,
    source: 'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; docs.cloud.google.com/tpu/docs/v5e',
  },
  {
    name: 'TPU v5p',
    teraflops: { bf16: 459, fp16: null, fp8: null, fp4: null },
    memoryGigabytes: 95,
    memoryGigabytesPerSecond: 2765,
    scaleUpGigabytesPerSecond: 600,
    devicesPerNode: 4,
    domainDevices: 4,
    nicGigabitsPerSecond: null,
    source: 'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; docs.cloud.google.com/tpu/docs/v5p',
  },
  {
    name: 'TPU v6e (Trillium)',
    teraflops: { bf16: 918, fp16: null, fp8: 918, fp4: null },
    memoryGigabytes: null,
    memoryGigabytesPerSecond: null,
    scaleUpGigabytesPerSecond: null,
    devicesPerNode: 4,
    domainDevices: 4,
    nicGigabitsPerSecond: null,
    source: 'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79',
  },
  {
    name: 'TPU7x (Ironwood)',
    teraflops: { bf16: 2307, fp16: null, fp8: 4614, fp4: null },
    memoryGigabytes: null,
    memoryGigabytesPerSecond: null,
    scaleUpGigabytesPerSecond: 600,
    devicesPerNode: 4,
    domainDevices: 4,
    nicGigabitsPerSecond: null,
    source:
      'stas00/ml-engineering compute/accelerator/README.md @744d01e18b79; stas00/ml-engineering network/README.md @744d01e18b79',
  },
]
