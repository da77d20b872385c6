/** Which accelerators a node has: from DRA slices where there are any, else from labels and the extended resource that it offers. */
import { CLOUD_HOSTS, GKE_ACCELERATORS } from '../data/cloud-hosts.ts'
import { type KnownDevice, knownDeviceIn } from '../devices.ts'
import type { NodeFacts, SliceFacts } from './node-facts.ts'

export interface NodeDevices {
  readonly known: KnownDevice
  readonly count: number
  readonly memoryMebibytes?: number
  /** Nodes of one clique are one scale-up domain. */
  readonly clique?: string
  /** Chips of the TPU slice that the node belongs to. */
  readonly sliceDevices?: number
  readonly networkGigabits?: number
}

export type Found = NodeDevices | { readonly why: string } | undefined

const EXTENDED = ['nvidia.com/gpu', 'amd.com/gpu', 'google.com/tpu'] as const

/** Labels that name the product, the most telling first. */
const PRODUCT_LABELS = [
  'nvidia.com/gpu.product',
  'amd.com/gpu.product-name',
  'beta.amd.com/gpu.product-name',
  'cloud.google.com/gke-tpu-accelerator',
  'cloud.google.com/gke-accelerator',
] as const

/** Undefined: a node without accelerators. `why`: it has some that cannot be planned for. */
export function devicesOfNode(node: NodeFacts, slices: readonly SliceFacts[]): Found {
  const bySlices = fromSlices(slices)
  if (bySlices) return 'why' in bySlices ? bySlices : { ...bySlices, ...hostOf(node) }
  const count = EXTENDED.reduce((sum, name) => sum + Number(node.allocatable[name] ?? 0), 0)
  if (!(count > 0)) return undefined
  const product = PRODUCT_LABELS.map(label => node.labels[label]).find(value => value !== undefined)
  const cloud = CLOUD_HOSTS[instanceType(node)]
  if (product === undefined && !cloud)
    return { why: 'no label names its accelerator (nvidia.com/gpu.product and the like)' }
  if (product !== undefined && /-(SHARED|MIG-)/i.test(product)) return { why: `${product} is a part of a device` }
  const known = knownDeviceIn(GKE_ACCELERATORS[product ?? ''] ?? product ?? cloud!.device)
  if (!known) return { why: `${product} is no device that is known` }
  return { known, count, ...memoryOf(node), ...cliqueOf(node), ...sliceOf(node), ...hostOf(node) }
}

function fromSlices(slices: readonly SliceFacts[]): Found {
  const devices = slices.flatMap(slice => slice.devices)
  const whole = devices.filter(({ attributes }) => (attribute(attributes, 'type') ?? 'gpu') === 'gpu')
  const [first] = whole
  if (!first) return undefined
  const product = attribute(first.attributes, 'productName') ?? attribute(first.attributes, 'product') ?? ''
  const known = knownDeviceIn(product)
  if (!known) return { why: `${product || 'a device without productName'} is no device that is known` }
  const clique = attribute(first.attributes, 'cliqueId')
  const memory = mebibytes(first.capacity?.memory)
  return {
    known,
    count: whole.length,
    ...(memory === undefined ? {} : { memoryMebibytes: memory }),
    ...(clique === undefined ? {} : { clique }),
  }
}

function attribute(attributes: Readonly<Record<string, string | number | boolean>>, name: string): string | undefined {
  const key = Object.keys(attributes).find(each => each === name || each.endsWith(`/${name}`))
  return key === undefined ? undefined : String(attributes[key])
}

const instanceType = ({ labels }: NodeFacts): string =>
  (labels['node.kubernetes.io/instance-type'] ?? labels['beta.kubernetes.io/instance-type'] ?? '').toLowerCase()

function hostOf(node: NodeFacts): Pick<NodeDevices, 'networkGigabits'> {
  const gigabits = CLOUD_HOSTS[instanceType(node)]?.networkGigabits
  return gigabits === undefined ? {} : { networkGigabits: gigabits }
}

function memoryOf({ labels }: NodeFacts): Pick<NodeDevices, 'memoryMebibytes'> {
  const memory = Number(labels['nvidia.com/gpu.memory'] ?? Number.NaN)
  return memory > 0 ? { memoryMebibytes: memory } : {}
}

/** GPU feature discovery writes `<cluster uuid>.<clique>` where NVLink goes beyond the node. */
function cliqueOf({ labels }: NodeFacts): Pick<NodeDevices, 'clique'> {
  const clique = labels['nvidia.com/gpu.clique'] ?? labels['network.topology.nvidia.com/accelerator']
  return clique === undefined || clique === '' ? {} : { clique }
}

/** `4x4x8`: chips of the slice. */
function sliceOf({ labels }: NodeFacts): Pick<NodeDevices, 'sliceDevices'> {
  const topology = labels['cloud.google.com/gke-tpu-topology']
  if (topology === undefined || !/^\d+(x\d+)*$/.test(topology)) return {}
  return { sliceDevices: topology.split('x').reduce((product, side) => product * Number(side), 1) }
}

const UNITS: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, '': 1 }

/** Binary quantities as drivers write them. */
function mebibytes(quantity: string | undefined): number | undefined {
  const [, number, unit = ''] = /^(\d+)(Ki|Mi|Gi|Ti)?$/.exec(quantity ?? '') ?? []
  return number === undefined ? undefined : (Number(number) * UNITS[unit]!) / 2 ** 20
}
