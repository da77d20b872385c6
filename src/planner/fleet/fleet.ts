/** The machines that a plan is for: devices, what joins them, what they cost. All rates are bytes a second in one direction. */
import type { Device } from './device.ts'

export interface Fleet {
  readonly name: string
  /** One pool for a homogeneous fleet. */
  readonly pools: readonly NodePool[]
  /** From the one next to the nodes upwards; empty: all nodes hang on one switch. */
  readonly tiers: readonly Tier[]
  /** Switches or DPUs that add up as they forward (SHARP). */
  readonly inNetworkReduction: boolean
}

export interface NodePool {
  readonly device: Device
  readonly nodes: number
  readonly devicesPerNode: number
  /** Devices that the scale-up fabric (NVLink, xGMI) joins: 8 in an HGX box, 72 in an NVL72 rack whose nodes have 4. */
  readonly domainDevices: number
  /** Of one device into the scale-up fabric. */
  readonly scaleUpBytesPerSecond: number
  /** Of one device's share of its node's NICs. */
  readonly nicBytesPerSecond: number
  /** NIC i of every node hangs on the same leaf switch, so that ranks of equal local index talk without a spine. */
  readonly railAligned: boolean
  readonly pricePerDeviceHour?: number
  /** Failures that end a job, a device and hour (Llama 3: 419 in 54 days of 16,384). */
  readonly failuresPerDeviceHour: number
}

/** Switches of one level. */
export interface Tier {
  readonly name: string
  /** Nodes below one switch (or one pod of switches) of this level. */
  readonly nodes: number
  /** Bandwidth from below over bandwidth upwards; 1: none is lost. */
  readonly oversubscription: number
}

export const devicesOf = (fleet: Fleet): number =>
  fleet.pools.reduce((sum, pool) => sum + pool.nodes * pool.devicesPerNode, 0)
