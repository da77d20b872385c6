/** The stored form of a Fleet: devices and what joins them. */
import type { KubeObject } from '../kube/object.ts'
import type { MeasuredDevice } from './measured-device.ts'
import type { API_VERSION } from './parts.ts'

/** Nodes of one make. What is absent is as in the reference host of the device's vendor. */
export interface FleetPool {
  readonly device: string
  readonly nodes: number
  readonly devicesPerNode?: number
  readonly domainDevices?: number
  readonly memoryGibibytes?: number
  readonly scaleUpGigabytesPerSecond?: number
  readonly nicGigabitsPerSecond?: number
  readonly railAligned?: boolean
  readonly pricePerDeviceHour?: number
  readonly failuresPerDeviceHour?: number
  /** What `solvent calibrate` found; then `device` is only a name. */
  readonly measured?: MeasuredDevice
}

/** Devices and what joins them. One of `preset` and `pools`; the rest replaces what the preset has. */
export interface FleetSpec {
  readonly preset?: string
  readonly pools?: readonly FleetPool[]
  /** From the switches next to the nodes upwards. */
  readonly tiers?: readonly { readonly name: string; readonly nodes: number; readonly oversubscription?: number }[]
  readonly inNetworkReduction?: boolean
}

export interface Fleet extends KubeObject {
  readonly apiVersion: typeof API_VERSION
  readonly kind: 'Fleet'
  readonly spec: FleetSpec
}
