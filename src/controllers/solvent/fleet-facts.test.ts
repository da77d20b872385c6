/** Nodes and DRA slices as the planner reads them. */
import { expect, test } from 'vitest'
import type { KubeApi } from '../../client/kube-api.ts'
import type { Node } from '../../kube/core.ts'
import { apiError } from '../../kube/status.ts'
import { fleetFromNodes } from '../../planner/fleet/discovery/fleet-from-nodes.ts'
import { fleetSources, nodeFacts, type ResourceSlice, sliceFacts } from './fleet-facts.ts'

const node = (more: Partial<Node> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'a', labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' } },
  status: { allocatable: { 'nvidia.com/gpu': '8' }, conditions: [{ type: 'Ready', status: 'True' }] },
  ...more,
})

test('a node that is cordoned or not ready is out', () => {
  expect(nodeFacts(node())).toEqual({
    name: 'a',
    labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' },
    allocatable: { 'nvidia.com/gpu': '8' },
  })
  expect(nodeFacts(node({ spec: { unschedulable: true } })).isOut).toBe(true)
  expect(nodeFacts(node({ status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } })).isOut).toBe(true)
})

const fields = {
  attributes: { productName: { string: 'NVIDIA B200' }, type: { string: 'gpu' }, minor: { int: 0 } },
  capacity: { memory: { value: '183359Mi' } },
}
const slice = (device: object, nodeName?: string): ResourceSlice => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceSlice',
  metadata: { name: 's' },
  spec: {
    ...(nodeName === undefined ? {} : { nodeName }),
    driver: 'gpu.nvidia.com',
    devices: [{ name: 'gpu-0', ...device }],
  },
})

test.each([
  ['v1', fields],
  ['v1beta1', { basic: fields }],
])('a slice of %s is flattened', (_, device) => {
  const [facts] = sliceFacts(slice(device, 'a'))
  expect(facts!.devices).toEqual([
    {
      name: 'gpu-0',
      attributes: { productName: 'NVIDIA B200', type: 'gpu', minor: 0 },
      capacity: { memory: '183359Mi' },
    },
  ])
  const fleet = fleetFromNodes([{ name: 'a', labels: {}, allocatable: {} }], [facts!])
  expect(fleet).toMatchObject({
    ok: true,
    value: { fleet: { pools: [{ device: { name: 'B200 SXM' }, devicesPerNode: 1 }] } },
  })
})

test('a slice of no one node, such as a network device of many, is none of ours', () => {
  expect(sliceFacts(slice(fields))).toEqual([])
})

test('a cluster that knows neither DRA nor our kinds still has nodes', async () => {
  const api = {
    list: async ({ kind }: { readonly kind: string }) => {
      if (kind === 'Node') return { items: [node()] }
      throw apiError('NotFound', `the server could not find ${kind}`)
    },
  } as unknown as KubeApi
  expect(await fleetSources(api, 'default')).toMatchObject({ nodes: [{ name: 'a' }], declared: [], slices: [] })
})
