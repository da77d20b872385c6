/** Structured allocation: cases of k8s.io/dynamic-resource-allocation/structured (allocator_testing.go) and of plugins/dynamicresources. */
import { describe, expect, test } from 'vitest'
import type { Node } from '../../kube/core.ts'
import type { ClaimSpec, Device, DeviceClass, DeviceRequest, ResourceSlice } from '../../kube/devices.ts'
import { allocate } from './allocate.ts'
import { createDeviceSelectors } from './device-selector.ts'
import { poolsOf, reaches } from './inventory.ts'

const DRIVER = 'gpu.example.com'
const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'w1', labels: { region: 'west' } } }

const slice = (pool: string, devices: readonly Device[], spec: Partial<ResourceSlice['spec']> = {}): ResourceSlice => ({
  ...{
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: `${pool}-${spec.pool?.generation ?? 0}` },
  },
  spec: {
    driver: DRIVER,
    nodeName: 'w1',
    devices,
    ...spec,
    pool: { name: pool, generation: 0, resourceSliceCount: 1, ...spec.pool },
  },
})
const device = (name: string, attributes: Device['attributes'] = {}, more: Partial<Device> = {}): Device => ({
  name,
  attributes,
  ...more,
})
const deviceClass = (name: string, ...expressions: readonly string[]): DeviceClass => ({
  ...{ apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name } },
  spec: { selectors: expressions.map(expression => ({ cel: { expression } })) },
})
type Exact = NonNullable<DeviceRequest['exactly']>
const request = (name: string, more: Partial<Exact> & { readonly cel?: string } = {}): DeviceRequest => {
  const { cel, ...rest } = more
  const selectors = cel === undefined ? [] : [{ cel: { expression: cel } }]
  return { name, exactly: { deviceClassName: 'gpu', selectors, ...rest } }
}
const claim = (requests: readonly DeviceRequest[], more: ClaimSpec['devices'] = {}): ClaimSpec => ({
  devices: { requests, ...more },
})

interface Case {
  readonly what: string
  readonly claims: readonly ClaimSpec[]
  readonly slices: readonly ResourceSlice[]
  readonly taken?: readonly string[]
  readonly classes?: readonly DeviceClass[]
  /** `request=device` by claim, or why not. */
  readonly want: readonly string[] | string
}

function run({ claims, slices, taken = [], classes = [deviceClass('gpu')] }: Case): readonly string[] | string {
  const pools = poolsOf(slices).map(pool => ({
    ...pool,
    devices: pool.devices.filter(({ reach }) => reaches(reach, node)),
  }))
  const found = allocate(claims, 'w1', {
    pools: pools.filter(({ devices }) => devices.length > 0),
    isTaken: id => taken.includes(id),
    classes: name => classes.find(({ metadata }) => metadata.name === name),
    selects: createDeviceSelectors(),
  })
  if (found.kind === 'impossible') return found.because ?? 'impossible'
  return found.allocations.map(({ devices }) =>
    (devices?.results ?? []).map(each => `${each.request}=${each.device}`).join(' '),
  )
}

const numa = (n: number): Device['attributes'] => ({ numa: { int: n } })
const model = (name: string, memory: string): Pick<Device, 'attributes' | 'capacity'> => ({
  attributes: { model: { string: name }, [`${DRIVER}/driverVersion`]: { version: '1.2.3' } },
  capacity: { memory: { value: memory } },
})
const two = slice('w1', [device('d1', numa(0)), device('d2', numa(1))])
const models = slice('w1', [
  { name: 'small', ...model('A10', '24Gi') },
  { name: 'large', ...model('H100', '80Gi') },
])

describe('allocation', () => {
  test.each<Case>([
    { what: 'a device of the class', claims: [claim([request('r')])], slices: [two], want: ['r=d1'] },
    { what: 'no devices at all', claims: [claim([request('r')])], slices: [], want: 'impossible' },
    {
      what: 'a device in use is passed over',
      claims: [claim([request('r')])],
      slices: [two],
      taken: [`${DRIVER}/w1/d1`],
      want: ['r=d2'],
    },
    { what: 'a count', claims: [claim([request('r', { count: 2 })])], slices: [two], want: ['r=d1 r=d2'] },
    {
      what: 'a count that is more than there is',
      claims: [claim([request('r', { count: 3 })])],
      slices: [two],
      want: 'impossible',
    },
    {
      what: 'two requests get different devices',
      claims: [claim([request('a'), request('b')])],
      slices: [two],
      want: ['a=d1 b=d2'],
    },
    {
      what: 'two claims get different devices',
      claims: [claim([request('a')]), claim([request('b')])],
      slices: [two],
      want: ['a=d1', 'b=d2'],
    },
    {
      what: 'all devices',
      claims: [claim([request('r', { allocationMode: 'All' })])],
      slices: [two],
      want: ['r=d1 r=d2'],
    },
    {
      what: 'all devices, one in use',
      claims: [claim([request('r', { allocationMode: 'All' })])],
      slices: [two],
      taken: [`${DRIVER}/w1/d2`],
      want: 'impossible',
    },
    {
      what: 'all devices where there are none',
      claims: [claim([request('r', { allocationMode: 'All', cel: 'false' })])],
      slices: [two],
      want: 'impossible',
    },
    {
      what: 'all devices of a pool that is not complete',
      claims: [claim([request('r', { allocationMode: 'All' })])],
      slices: [slice('w1', [device('d1')], { pool: { name: 'w1', generation: 0, resourceSliceCount: 2 } })],
      want: 'impossible',
    },
    {
      what: 'the newest generation of a pool counts',
      claims: [claim([request('r')])],
      slices: [two, slice('w1', [device('new')], { pool: { name: 'w1', generation: 1, resourceSliceCount: 1 } })],
      want: ['r=new'],
    },
    {
      what: 'a device of another node is out of reach',
      claims: [claim([request('r')])],
      slices: [slice('w2', [device('d1')], { nodeName: 'w2' })],
      want: 'impossible',
    },
    {
      what: 'a device for all nodes',
      claims: [claim([request('r')])],
      slices: [slice('net', [device('d1')], { nodeName: undefined, allNodes: true })],
      want: ['r=d1'],
    },
    {
      what: 'a device for nodes with a label',
      claims: [claim([request('r')])],
      slices: [
        slice('net', [device('d1')], {
          nodeName: undefined,
          nodeSelector: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'region', operator: 'In', values: ['west'] }] }],
          },
        }),
      ],
      want: ['r=d1'],
    },
    {
      what: 'each device says which node reaches it',
      claims: [claim([request('r')])],
      slices: [
        slice('net', [device('d1', {}, { nodeName: 'w2' }), device('d2', {}, { nodeName: 'w1' })], {
          nodeName: undefined,
          perDeviceNodeSelection: true,
        }),
      ],
      want: ['r=d2'],
    },
    {
      what: 'a selector by attribute',
      claims: [claim([request('r', { cel: `device.attributes["${DRIVER}"].model == "H100"` })])],
      slices: [models],
      want: ['r=large'],
    },
    {
      what: 'a selector by capacity',
      claims: [claim([request('r', { cel: `device.capacity["${DRIVER}"].memory.compareTo(quantity("40Gi")) >= 0` })])],
      slices: [models],
      want: ['r=large'],
    },
    {
      what: 'a selector by version',
      claims: [
        claim([request('r', { cel: `device.attributes["${DRIVER}"].driverVersion.isGreaterThan(semver("1.2.0"))` })]),
      ],
      slices: [models],
      want: ['r=small'],
    },
    {
      what: 'a selector by driver',
      claims: [claim([request('r', { cel: 'device.driver == "other"' })])],
      slices: [models],
      want: 'impossible',
    },
    {
      what: 'selectors of class and request both hold',
      claims: [claim([request('r', { cel: `device.attributes["${DRIVER}"].model != ""` })])],
      slices: [models],
      classes: [deviceClass('gpu', `device.attributes["${DRIVER}"].model == "H100"`)],
      want: ['r=large'],
    },
    {
      what: 'a selector that goes wrong says how',
      claims: [claim([request('r', { cel: 'device.attributes["other.com"].model == "H100"' })])],
      slices: [models],
      want: 'request r: selector #0: runtime error: no such key: model',
    },
    {
      what: 'a class that does not exist',
      claims: [claim([request('r')])],
      slices: [two],
      classes: [],
      want: 'request r: device class gpu does not exist',
    },
    {
      what: 'admin access is not given',
      claims: [claim([request('r', { adminAccess: true })])],
      slices: [two],
      want: 'request r: admin access is requested, but the feature is disabled',
    },
    {
      what: 'matchAttribute: both on one NUMA node, so the first device is given back',
      claims: [claim([request('a'), request('b')], { constraints: [{ matchAttribute: `${DRIVER}/numa` }] })],
      slices: [slice('w1', [device('d1', numa(0)), device('d2', numa(1)), device('d3', numa(1))])],
      want: ['a=d2 b=d3'],
    },
    {
      what: 'matchAttribute of an attribute that no device has',
      claims: [claim([request('a'), request('b')], { constraints: [{ matchAttribute: `${DRIVER}/none` }] })],
      slices: [two],
      want: 'impossible',
    },
    {
      what: 'matchAttribute binds only the requests that it names',
      claims: [
        claim([request('a'), request('b')], { constraints: [{ requests: ['a'], matchAttribute: `${DRIVER}/numa` }] }),
      ],
      slices: [two],
      want: ['a=d1 b=d2'],
    },
    {
      what: 'distinctAttribute',
      claims: [claim([request('r', { count: 2 })], { constraints: [{ distinctAttribute: `${DRIVER}/numa` }] })],
      slices: [slice('w1', [device('d1', numa(0)), device('d2', numa(0)), device('d3', numa(1))])],
      want: ['r=d1 r=d3'],
    },
    {
      what: 'the first alternative that can be met',
      claims: [
        claim([
          {
            name: 'r',
            firstAvailable: [
              {
                name: 'two-large',
                deviceClassName: 'gpu',
                count: 2,
                selectors: [{ cel: { expression: `device.attributes["${DRIVER}"].model == "H100"` } }],
              },
              { name: 'small', deviceClassName: 'gpu' },
            ],
          },
        ]),
      ],
      slices: [models],
      want: ['r/small=small'],
    },
    {
      what: 'a tainted device is left alone',
      claims: [claim([request('r')])],
      slices: [slice('w1', [device('d1', {}, { taints: [{ key: 'broken', effect: 'NoSchedule' }] }), device('d2')])],
      want: ['r=d2'],
    },
    {
      what: 'a tainted device that is tolerated',
      claims: [claim([request('r', { tolerations: [{ key: 'broken', operator: 'Exists' }] })])],
      slices: [slice('w1', [device('d1', {}, { taints: [{ key: 'broken', effect: 'NoSchedule' }] })])],
      want: ['r=d1'],
    },
  ])('$what', each => {
    expect(run(each)).toEqual(each.want)
  })

  test('says where the devices are and how they are to be set up', () => {
    const shared = { opaque: { driver: DRIVER, parameters: { mode: 'shared' } } }
    const gpu = { ...deviceClass('gpu'), spec: { config: [shared] } }
    const found = allocate([claim([request('r')], { config: [{ requests: ['r'], ...shared }] })], 'w1', {
      pools: poolsOf([two]),
      isTaken: () => false,
      classes: () => gpu,
      selects: createDeviceSelectors(),
    })
    expect(found.kind === 'allocated' ? found.allocations : []).toEqual([
      {
        devices: {
          results: [{ request: 'r', driver: DRIVER, pool: 'w1', device: 'd1' }],
          config: [
            { source: 'FromClass', requests: ['r'], ...shared },
            { source: 'FromClaim', requests: ['r'], ...shared },
          ],
        },
        nodeSelector: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['w1'] }] }],
        },
      },
    ])
  })
})
