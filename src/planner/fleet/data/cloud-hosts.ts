/**
 * What clouds call their machines: the device in them, and the network where it is not the reference host's. From the clouds' own pages of
 * instance types (AWS p3 to p6, Azure ND series, Google's accelerator-optimised machines), read in 2026.
 */

export interface CloudHost {
  readonly device: string
  /** Of the whole machine. */
  readonly networkGigabits?: number
}

/** By `node.kubernetes.io/instance-type`, in lower case. */
export const CLOUD_HOSTS: Readonly<Record<string, CloudHost>> = {
  'p3.16xlarge': { device: 'v100-16gb', networkGigabits: 25 },
  'p3dn.24xlarge': { device: 'v100-32gb', networkGigabits: 100 },
  'p4d.24xlarge': { device: 'a100-40gb', networkGigabits: 400 },
  'p4de.24xlarge': { device: 'a100-80gb', networkGigabits: 400 },
  'p5.48xlarge': { device: 'h100', networkGigabits: 3200 },
  'p5e.48xlarge': { device: 'h200', networkGigabits: 3200 },
  'p5en.48xlarge': { device: 'h200', networkGigabits: 3200 },
  'p6-b200.48xlarge': { device: 'b200', networkGigabits: 3200 },
  'p6-b300.48xlarge': { device: 'b300', networkGigabits: 6400 },
  'p6e-gb200.36xlarge': { device: 'gb200', networkGigabits: 1600 },
  standard_nd40rs_v2: { device: 'v100-32gb', networkGigabits: 100 },
  standard_nd96asr_v4: { device: 'a100-40gb', networkGigabits: 1600 },
  standard_nd96amsr_a100_v4: { device: 'a100-80gb', networkGigabits: 1600 },
  standard_nd96isr_h100_v5: { device: 'h100', networkGigabits: 3200 },
  standard_nd96isr_h200_v5: { device: 'h200', networkGigabits: 3200 },
  standard_nd96isr_mi300x_v5: { device: 'mi300x', networkGigabits: 3200 },
  standard_nd128isr_ndr_gb200_v6: { device: 'gb200', networkGigabits: 1600 },
  'a2-highgpu-8g': { device: 'a100-40gb', networkGigabits: 100 },
  'a2-ultragpu-8g': { device: 'a100-80gb', networkGigabits: 100 },
  'a3-highgpu-8g': { device: 'h100', networkGigabits: 800 },
  'a3-megagpu-8g': { device: 'h100', networkGigabits: 1600 },
  'a3-ultragpu-8g': { device: 'h200', networkGigabits: 3200 },
  'a4-highgpu-8g': { device: 'b200', networkGigabits: 3200 },
  'a4x-highgpu-4g': { device: 'gb200', networkGigabits: 1600 },
}

/** Values of `cloud.google.com/gke-accelerator` that say less than the device's name. */
export const GKE_ACCELERATORS: Readonly<Record<string, string>> = {
  'nvidia-tesla-a100': 'a100-40gb',
  'nvidia-tesla-v100': 'v100-16gb',
}
