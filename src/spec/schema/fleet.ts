/** Fleet: devices and what joins them, for planning without a cluster or beyond it. The same fields stand under a TrainingJob's fleet. */
import type { StructuralSchema } from '../../kube/schema.ts'
import { flag, integer, list, number, record, text } from './words.ts'

const pool = record(
  "Nodes of one make. What is absent is as in the reference host of the device's vendor.",
  {
    device: text('Device by name, such as h100, a100-40gb or gb200.', { minLength: 1 }),
    nodes: integer('Nodes.', { minimum: 1 }),
    devicesPerNode: integer('Devices of one node.', { minimum: 1 }),
    domainDevices: integer('Devices that the scale-up fabric joins: 8 in an HGX box, 72 in an NVL72 rack.', {
      minimum: 1,
    }),
    memoryGibibytes: number('Memory of one device in GiB, where it is not the usual one.', { minimum: 1 }),
    scaleUpGigabytesPerSecond: number(
      'What one device sends into the scale-up fabric (NVLink, xGMI), in GB/s and one direction.',
      { minimum: 1 },
    ),
    nicGigabitsPerSecond: number("One device's share of its node's network adapters, in Gbit/s.", { minimum: 1 }),
    railAligned: flag('Whether adapter i of every node hangs on the same leaf switch.'),
    pricePerDeviceHour: number('Price of one device and hour, in US dollars.', { minimum: 0 }),
    measured: {
      type: 'object',
      description: 'What solvent calibrate found a device to do. Then device is only a name, and no table is asked.',
      'x-kubernetes-preserve-unknown-fields': true,
    },
    failuresPerDeviceHour: number('Failures that end a job, a device and hour. Llama 3 saw 2.0e-5.', { minimum: 0 }),
  },
  ['device', 'nodes'],
)

const tier = record(
  'Switches of one level.',
  {
    name: text('Name of the level, such as leaf or spine.', { minLength: 1 }),
    nodes: integer('Nodes below one switch of this level.', { minimum: 1 }),
    oversubscription: number('Bandwidth from below over bandwidth upwards. 1 unless given: none is lost.', {
      minimum: 1,
    }),
  },
  ['name', 'nodes'],
)

export const fleetFields: Readonly<Record<string, StructuralSchema>> = {
  preset: text(
    'A fleet by its short name: h100x64 is 64 H100 in hosts of eight, gb200-nvl72x8 is eight racks. Either this or pools.',
    { minLength: 1 },
  ),
  pools: list('Nodes, those of one make together. Several makes are a heterogeneous fleet.', pool, { minItems: 1 }),
  tiers: list(
    'Switches from those next to the nodes upwards. Without any, all nodes hang on one switch, or as the preset has it.',
    tier,
  ),
  inNetworkReduction: flag('Whether switches add up what they forward (SHARP).'),
}

export const fleetSchema: StructuralSchema = record(
  'Devices and what joins them. A TrainingJob names it to be planned for it; nothing runs by itself.',
  { spec: record('What there is.', fleetFields) },
  ['spec'],
)
