/** Names as pods of a namespace find them, against the plain rules of Kubernetes' DNS. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EndpointSlice, Pod, Service } from '../kube/core.ts'
import { endpointsOf, hostsFor, type Observed } from './pod-names.ts'

const serviceOf = (namespace: string, name: string, spec: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name },
  spec: { clusterIP: 'None', selector: { app: name }, ...spec },
})
interface PodPart {
  readonly ip?: string
  readonly app?: string
  readonly hostname?: string
  readonly ready?: boolean
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  readonly deleted?: boolean
}
const podOf = (
  namespace: string,
  name: string,
  { ip, app = 's', hostname, ready = true, phase = 'Running', deleted }: PodPart,
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, labels: { app }, ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
  spec: { containers: [], ...(hostname ? { hostname, subdomain: 's' } : {}) },
  status: { phase, ...(ip ? { podIP: ip } : {}), conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})
const seen = (part: Partial<Observed>, namespace = 'ns') =>
  hostsFor(namespace, endpointsOf({ services: [], pods: [], slices: [], ...part }))

/** What a name resolves to. */
const look = (entries: ReturnType<typeof seen>, name: string): readonly string[] =>
  entries.filter(entry => entry.names.includes(name)).map(entry => entry.address)

test('a rank is found by its host name under the subdomain, in every form, and the Service by all of its pods', () => {
  const services = [serviceOf('ns', 's')]
  const pods = [
    podOf('ns', 'a', { ip: '10.0.0.2', hostname: 'job-0' }),
    podOf('ns', 'b', { ip: '10.0.0.3', hostname: 'job-1' }),
  ]
  expect(seen({ services, pods })).toEqual([
    {
      address: '10.0.0.2',
      names: [
        'job-0.s',
        's',
        'job-0.s.ns',
        'job-0.s.ns.svc',
        'job-0.s.ns.svc.cluster.local',
        's.ns',
        's.ns.svc',
        's.ns.svc.cluster.local',
      ],
    },
    {
      address: '10.0.0.3',
      names: [
        'job-1.s',
        's',
        'job-1.s.ns',
        'job-1.s.ns.svc',
        'job-1.s.ns.svc.cluster.local',
        's.ns',
        's.ns.svc',
        's.ns.svc.cluster.local',
      ],
    },
  ])
})

test('from another namespace only the forms with the namespace are found', () => {
  const services = [serviceOf('ns', 's')]
  const pods = [podOf('ns', 'a', { ip: '10.0.0.2' })]
  expect(seen({ services, pods }, 'elsewhere')).toEqual([
    { address: '10.0.0.2', names: ['s.ns', 's.ns.svc', 's.ns.svc.cluster.local'] },
  ])
})

test('the own namespace wins where a short form means two things', () => {
  // `s.other` is a pod's host name under Service `other` here, and Service `s` of namespace `other` there.
  const services = [serviceOf('ns', 'other'), serviceOf('other', 's')]
  const mine: Pod = {
    ...podOf('ns', 'a', { ip: '10.0.0.2', app: 'other' }),
    spec: { containers: [], hostname: 's', subdomain: 'other' },
  }
  const pods = [mine, podOf('other', 'b', { ip: '10.0.0.3' })]
  expect(look(seen({ services, pods }), 's.other')).toEqual(['10.0.0.2'])
  expect(look(seen({ services, pods }), 's.other.svc')).toEqual(['10.0.0.3'])
})

test.each<[string, PodPart, boolean, readonly string[]]>([
  ['ready', { ip: '10.0.0.2' }, false, ['10.0.0.2']],
  ['not ready', { ip: '10.0.0.2', ready: false }, false, []],
  ['not ready but published', { ip: '10.0.0.2', ready: false, phase: 'Pending' }, true, ['10.0.0.2']],
  ['without an address', {}, true, []],
  ['being deleted', { ip: '10.0.0.2', deleted: true }, false, []],
  ['being deleted but published', { ip: '10.0.0.2', deleted: true }, true, ['10.0.0.2']],
  ['succeeded', { ip: '10.0.0.2', phase: 'Succeeded' }, true, []],
  ['of other labels', { ip: '10.0.0.2', app: 'x' }, true, []],
])('a pod %s is found as it should be', (_, part, publishNotReadyAddresses, expected) => {
  const services = [serviceOf('ns', 's', { publishNotReadyAddresses })]
  expect(look(seen({ services, pods: [podOf('ns', 'a', part)] }), 's')).toEqual(expected)
})

test('a host name counts only under its own subdomain', () => {
  const services = [serviceOf('ns', 's'), serviceOf('ns', 't', { selector: { app: 's' } })]
  const entries = seen({ services, pods: [podOf('ns', 'a', { ip: '10.0.0.2', hostname: 'h' })] })
  expect([look(entries, 'h.s'), look(entries, 'h.t'), look(entries, 't')]).toEqual([['10.0.0.2'], [], ['10.0.0.2']])
})

test('a Service with an address of its own is not named', () => {
  const services = [serviceOf('ns', 's', { clusterIP: '10.96.0.7' })]
  expect(seen({ services, pods: [podOf('ns', 'a', { ip: '10.0.0.2' })] })).toEqual([])
})

test('without a selector the endpoints are those that somebody wrote', () => {
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'ns', name: 's-1', labels: { 'kubernetes.io/service-name': 's' } },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['192.0.2.1'], hostname: 'db' },
      { addresses: ['192.0.2.2'], conditions: { ready: false } },
    ],
  }
  const entries = seen({ services: [serviceOf('ns', 's', { selector: undefined })], slices: [slice] })
  expect([look(entries, 's'), look(entries, 'db.s.ns.svc')]).toEqual([['192.0.2.1'], ['192.0.2.1']])
})

test('every name leads to an address of a pod that its Service selects, and every such pod is found', () => {
  const name = fc.constantFrom('a', 'b')
  const pod = fc
    .record({
      namespace: name,
      app: name,
      ip: fc.integer({ min: 2, max: 9 }),
      ready: fc.boolean(),
      hostname: fc.option(name, { nil: undefined }),
    })
    .map(({ namespace, app, ip, ...part }) => podOf(namespace, 'p', { ...part, app, ip: `10.0.0.${ip}` }))
  const service = fc.record({ namespace: name, name, published: fc.boolean() })
  fc.assert(
    fc.property(
      fc.array(pod),
      fc.uniqueArray(service, { selector: each => `${each.namespace}/${each.name}` }),
      name,
      (pods, list, from) => {
        const services = list.map(each =>
          serviceOf(each.namespace, each.name, { publishNotReadyAddresses: each.published }),
        )
        const entries = seen({ services, pods }, from)
        for (const { namespace, name: of, published } of list) {
          const expected = pods
            .filter(each => each.metadata.namespace === namespace && each.metadata.labels?.app === of)
            .filter(each => published || each.status?.conditions?.[0]?.status === 'True')
            .map(each => each.status?.podIP)
          expect(look(entries, `${of}.${namespace}.svc.cluster.local`)).toEqual(expected)
          if (namespace === from) expect(look(entries, of)).toEqual(expected)
        }
      },
    ),
  )
})
