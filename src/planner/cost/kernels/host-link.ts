/**
 * Between a device and its host, where offloaded states and activations go: what copies reach of the link in one direction, and what the host's
 * memory gives one device when all of a node's devices ask for it at once.
 */
import type { Device, Generation } from '../../fleet/device.ts'

export interface HostLink {
  readonly bytesPerSecond: number
  /** Of the host's memory, as an optimizer on its cores uses it. */
  readonly hostBytesPerSecond: number
}

/** PCIe x16 of generation 3, 4 and 5: four fifths of 15.75, 31.5 and 63 GB/s. The share is assumed. */
const LINK: Readonly<Record<Generation, number>> = {
  volta: 12.5e9,
  ampere: 25e9,
  hopper: 50e9,
  blackwell: 50e9,
  cdna2: 25e9,
  cdna3: 50e9,
  cdna4: 50e9,
  tpu: 25e9,
  cpu: 10e9,
}

/** A Grace processor on NVLink-C2C: 450 GB/s of the data sheet, of which copies to the host measured 297 (and 375 back). */
const GRACE = /^(GH|GB)\d/
const GRACE_LINK = 300e9

/**
 * Of a node of two sockets. An estimate, not a measurement: some 0.25 s for Adam of 10^9 parameters (28 bytes each), as remembered of ZeRO-Offload's
 * table and not looked up. Megatron-Bridge's offloading run (3.2 s for 1.9e9 on each of eight H100) was known when it was chosen and wants about
 * 150. Grace: not measured either.
 */
const NODE_BYTES_PER_SECOND = 115e9
const GRACE_BYTES_PER_SECOND = 60e9

export function hostLink(device: Device, devicesPerNode: number): HostLink {
  if (GRACE.test(device.name)) return { bytesPerSecond: GRACE_LINK, hostBytesPerSecond: GRACE_BYTES_PER_SECOND }
  return {
    bytesPerSecond: LINK[device.generation],
    hostBytesPerSecond: NODE_BYTES_PER_SECOND / Math.max(1, devicesPerNode),
  }
}
