/** noderesources: fit_test.go (TestEnoughRequests), least_allocated_test.go, balanced_allocation_test.go; nodeports/node_ports_test.go. */
import { describe, expect, test } from 'vitest'
import type { Container, Node, Pod } from '../../kube/core.ts'
import { requestsOf } from '../resources.ts'
import { hostPortsAreFree } from './host-ports.ts'
import { resourcesSuffice, usageIsBalanced } from './resources.ts'
import { node, on, pod, scores, verdicts } from './testbed.ts'

const sized = (name: string, allocatable: Record<string, string>): Node =>
  node(name, '', { status: { allocatable: { pods: '32', ...allocatable } } })
const asks = (requests: Record<string, string>, more: Partial<Container> = {}): Container => ({
  ...{ name: 'c', resources: { requests } },
  ...more,
})
/** `1000m/2000`: cpu and memory. */
const container = (text: string, more: Partial<Container> = {}): Container => {
  const [cpu = '0', memory = '0'] = text.split('/')
  return asks({ cpu, memory }, more)
}

describe('TestEnoughRequests', () => {
  const small = sized('node1', { cpu: '10m', memory: '20', 'example.com/aaa': '5', 'ephemeral-storage': '20' })
  const taken = (text: string) => on('node1', { spec: { containers: [container(text)] } })
  test.each([
    { what: 'no resources requested always fits', containers: [], pods: [taken('10m/20')], want: 'fits' },
    {
      what: 'too many resources fails',
      containers: [container('1m/1')],
      pods: [taken('10m/20')],
      want: 'Insufficient cpu, Insufficient memory',
    },
    { what: 'both resources fit', containers: [container('1m/1')], pods: [taken('5m/5')], want: 'fits' },
    {
      what: 'one resource memory fits',
      containers: [container('2m/1')],
      pods: [taken('9m/5')],
      want: 'Insufficient cpu',
    },
    {
      what: 'one resource cpu fits',
      containers: [container('1m/2')],
      pods: [taken('5m/19')],
      want: 'Insufficient memory',
    },
    { what: 'equal edge case', containers: [container('5m/1')], pods: [taken('5m/19')], want: 'fits' },
    {
      what: 'more than the node ever has is hopeless',
      containers: [container('11m/1')],
      pods: [],
      want: 'Insufficient cpu!',
    },
    { what: 'extended resource fits', containers: [asks({ 'example.com/aaa': '3' })], pods: [], want: 'fits' },
    {
      what: 'extended resource capacity enforced',
      containers: [asks({ 'example.com/aaa': '10' })],
      pods: [],
      want: 'Insufficient example.com/aaa!',
    },
    {
      what: 'extended resource unknown to the node',
      containers: [asks({ 'example.com/bbb': '1' })],
      pods: [],
      want: 'Insufficient example.com/bbb!',
    },
    {
      what: 'extended resource of two containers',
      containers: [asks({ 'example.com/aaa': '3' }), asks({ 'example.com/aaa': '3' })],
      pods: [],
      want: 'Insufficient example.com/aaa!',
    },
    {
      what: 'ephemeral local storage request exceeds',
      containers: [asks({ 'ephemeral-storage': '25' })],
      pods: [],
      want: 'Insufficient ephemeral-storage!',
    },
  ])('$what', ({ containers, pods, want }) => {
    expect(verdicts(resourcesSuffice, pod({ spec: { containers } }), { nodes: [small], pods })).toEqual([want])
  })

  test('too many pods', () => {
    const one = sized('node1', { cpu: '10', pods: '1' })
    expect(verdicts(resourcesSuffice, pod(), { nodes: [one], pods: [on('node1')] })).toEqual(['Too many pods'])
  })
})

describe('what a pod takes (component-helpers resource, TestPodRequests)', () => {
  const sidecar = { restartPolicy: 'Always' } as const
  test.each([
    {
      what: 'the greediest init container',
      spec: { containers: [container('1m/1')], initContainers: [container('11m/1')] },
      cpu: 11,
    },
    {
      what: 'the most of several init containers',
      spec: { containers: [container('3m')], initContainers: [container('2m'), container('4m')] },
      cpu: 4,
    },
    {
      what: 'the sum of containers',
      spec: { containers: [container('3m'), container('4m')], initContainers: [container('5m')] },
      cpu: 7,
    },
    {
      what: 'a sidecar beside its containers',
      spec: { containers: [container('3m')], initContainers: [container('2m', sidecar)] },
      cpu: 5,
    },
    {
      what: 'an init container after a sidecar',
      spec: { containers: [container('1m')], initContainers: [container('2m', sidecar), container('5m')] },
      cpu: 7,
    },
    {
      what: 'an init container before a sidecar',
      spec: { containers: [container('1m')], initContainers: [container('5m'), container('2m', sidecar)] },
      cpu: 5,
    },
    { what: 'overhead', spec: { containers: [container('3m')], overhead: { cpu: '10m' } }, cpu: 13 },
    {
      what: 'pod-level resources in place of the sum',
      spec: { containers: [container('3m')], resources: { requests: { cpu: '20m' } } },
      cpu: 20,
    },
  ])('$what', ({ spec, cpu }) => {
    expect(requestsOf(pod({ spec })).cpu).toBe(cpu)
  })

  test('while a container is resized, the most of what it asks for, was allotted and runs with', () => {
    const resized: Pod = {
      ...pod({ spec: { containers: [container('1')] } }),
      status: {
        containerStatuses: [
          {
            ...{ name: 'c', ready: true, restartCount: 0, image: '', imageID: '' },
            ...{ allocatedResources: { cpu: '2' }, resources: { requests: { cpu: '1500m' } } },
          },
        ],
      },
    }
    expect(requestsOf(resized).cpu).toBe(2000)
  })
})

interface Scored {
  readonly what: string
  readonly asks: readonly string[]
  readonly nodes: readonly string[]
  /** By node, what its pods ask for. */
  readonly taken?: readonly (readonly string[])[]
  readonly want: readonly number[] | undefined
}

const scored = (judge: typeof usageIsBalanced, { asks: containers, nodes, taken = [] }: Scored) =>
  scores(judge, pod({ spec: { containers: containers.map(each => container(each)) } }), {
    nodes: nodes.map((each, i) => {
      const [cpu = '', memory = ''] = each.split('/')
      return sized(`node${i + 1}`, { cpu, memory })
    }),
    pods: taken.flatMap((texts, i) =>
      texts.map(text => on(`node${i + 1}`, { spec: { containers: [container(text)] } })),
    ),
  })

describe('TestLeastAllocatedScoringStrategy', () => {
  test.each<Scored>([
    { what: 'nothing scheduled, nothing requested', asks: [], nodes: ['4000/10000', '4000/10000'], want: [100, 100] },
    {
      what: 'differently sized nodes',
      asks: ['1000/2000', '2000/3000'],
      nodes: ['4000/10000', '6000/10000'],
      want: [37, 50],
    },
    {
      what: 'no resources requested, pods scheduled with resources',
      asks: [],
      nodes: ['10000/20000', '10000/20000'],
      taken: [
        ['3000/0', '3000/0'],
        ['3000/0', '3000/5000'],
      ],
      want: [70, 57],
    },
    {
      what: 'resources requested, pods scheduled with resources',
      asks: ['1000/2000', '2000/3000'],
      nodes: ['10000/20000', '10000/20000'],
      taken: [['3000/0'], ['3000/5000']],
      want: [57, 45],
    },
    {
      what: 'differently sized nodes with pods',
      asks: ['1000/2000', '2000/3000'],
      nodes: ['10000/20000', '10000/50000'],
      taken: [['3000/0'], ['3000/5000']],
      want: [57, 60],
    },
    {
      what: 'requested resources exceed node capacity',
      asks: ['3000/0'],
      nodes: ['4000/10000', '4000/10000'],
      taken: [['3000/0'], ['3000/5000']],
      want: [50, 25],
    },
  ])('$what', each => {
    expect(scored(resourcesSuffice, each)).toEqual(each.want)
  })
})

describe('TestNodeResourcesBalancedAllocation', () => {
  test.each<Scored>([
    { what: 'nothing requested, skip', asks: [], nodes: ['4/10000'], want: undefined },
    {
      what: 'differently sized nodes',
      asks: ['1000m/2000', '2000m/3000'],
      nodes: ['4/10000', '6/10000'],
      want: [68, 75],
    },
    {
      what: 'pods scheduled with resources',
      asks: ['1000m/2000', '2000m/3000'],
      nodes: ['10/20000', '10/20000'],
      taken: [
        ['1000m/0', '2000m/0'],
        ['1000m/2000', '2000m/3000'],
      ],
      want: [73, 74],
    },
    {
      what: 'pods scheduled with resources, differently sized nodes',
      asks: ['1000m/2000', '2000m/3000'],
      nodes: ['10/20000', '10/50000'],
      taken: [
        ['1000m/0', '2000m/0'],
        ['1000m/2000', '2000m/3000'],
      ],
      want: [73, 70],
    },
    {
      what: 'nodes to reach min/max score',
      asks: ['0/2000', '0/3000'],
      nodes: ['3/5000', '3/5000'],
      taken: [['1000m/0', '2000m/0'], []],
      want: [100, 50],
    },
    {
      what: 'requested resources at node capacity',
      asks: ['1000m/0', '2000m/0'],
      nodes: ['6/10000', '6/10000'],
      taken: [
        ['1000m/0', '2000m/0'],
        ['1000m/2000', '2000m/3000'],
      ],
      want: [62, 62],
    },
  ])('$what', each => {
    expect(scored(usageIsBalanced, each)).toEqual(each.want)
  })
})

describe('TestNodePorts', () => {
  const withPorts = (...texts: readonly string[]): Container => ({
    name: 'c',
    ports: texts.map(text => {
      const [protocol = '', hostIP, hostPort] = text.split('/')
      return { containerPort: 1, protocol, hostIP, hostPort: Number(hostPort) }
    }),
  })
  const TAKEN = "node(s) didn't have free ports for the requested pod ports"
  test.each([
    { what: 'skip filter', asked: [], there: [], want: 'fits' },
    { what: 'other port', asked: ['UDP/127.0.0.1/8080'], there: ['UDP/127.0.0.1/9090'], want: 'fits' },
    { what: 'same udp port', asked: ['UDP/127.0.0.1/8080'], there: ['UDP/127.0.0.1/8080'], want: TAKEN },
    { what: 'same tcp port', asked: ['TCP/127.0.0.1/8080'], there: ['TCP/127.0.0.1/8080'], want: TAKEN },
    { what: 'different host ip', asked: ['TCP/127.0.0.1/8080'], there: ['TCP/127.0.0.2/8080'], want: 'fits' },
    { what: 'different protocol', asked: ['UDP/127.0.0.1/8080'], there: ['TCP/127.0.0.1/8080'], want: 'fits' },
    {
      what: 'second udp port conflict',
      asked: ['UDP/127.0.0.1/8000', 'UDP/127.0.0.1/8080'],
      there: ['UDP/127.0.0.1/8080'],
      want: TAKEN,
    },
    {
      what: 'first tcp port conflict',
      asked: ['TCP/127.0.0.1/8001', 'UDP/127.0.0.1/8080'],
      there: ['TCP/127.0.0.1/8001', 'UDP/127.0.0.1/8081'],
      want: TAKEN,
    },
    {
      what: 'first tcp port conflict due to 0.0.0.0 hostIP',
      asked: ['TCP/0.0.0.0/8001'],
      there: ['TCP/127.0.0.1/8001'],
      want: TAKEN,
    },
    {
      what: 'TCP hostPort conflict due to 0.0.0.0 hostIP',
      asked: ['TCP/10.0.10.10/8001', 'TCP/0.0.0.0/8001'],
      there: ['TCP/127.0.0.1/8001'],
      want: TAKEN,
    },
    {
      what: 'second tcp port conflict to 0.0.0.0 hostIP',
      asked: ['TCP/127.0.0.1/8001'],
      there: ['TCP/0.0.0.0/8001'],
      want: TAKEN,
    },
    { what: 'second different protocol', asked: ['UDP/127.0.0.1/8001'], there: ['TCP/0.0.0.0/8001'], want: 'fits' },
    {
      what: 'UDP hostPort conflict due to 0.0.0.0 hostIP',
      asked: ['UDP/127.0.0.1/8001'],
      there: ['TCP/0.0.0.0/8001', 'UDP/0.0.0.0/8001'],
      want: TAKEN,
    },
  ])('$what', ({ asked, there, want }) => {
    const pods = [on('m', { spec: { containers: [withPorts(...there)] } })]
    const comes = pod({ spec: { containers: [withPorts(...asked)] } })
    expect(verdicts(hostPortsAreFree, comes, { nodes: [node('m')], pods })).toEqual([want])
  })
})
