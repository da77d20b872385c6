/** Services and slices to forwardings, as kube-proxy picks endpoints (pkg/proxy/topology_test.go, endpointschangetracker_test.go). */
import { expect, test } from 'vitest'
import type { EndpointSlice, Service } from '../../kube/core.ts'
import { SERVICE_NAME } from '../../kube/names.ts'
import { forwardingsOf } from './forwarding.ts'

const serviceOf = (spec: Partial<Service['spec']> = {}, metadata: Partial<Service['metadata']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'ns', name: 's', ...metadata },
  spec: { clusterIP: '10.0.0.1', ports: [{ port: 80, name: 'http' }], ...spec },
})
interface EndpointPart {
  readonly ready?: boolean
  readonly serving?: boolean
  readonly terminating?: boolean
}
const sliceOf = (
  endpoints: Readonly<Record<string, EndpointPart>>,
  ports: EndpointSlice['ports'] = [{ name: 'http', port: 8080 }],
): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: 'ns', name: 's-0', labels: { [SERVICE_NAME]: 's' } },
  addressType: 'IPv4',
  endpoints: Object.entries(endpoints).map(([address, conditions]) => ({ addresses: [address], conditions })),
  ports,
})
const backends = (service: Service, ...slices: EndpointSlice[]): readonly string[] =>
  forwardingsOf([service], slices).flatMap(each => each.backends.map(({ address, port }) => `${address}:${port}`))

const READY = { ready: true, serving: true, terminating: false }
const NOT_READY = { ready: false, serving: false, terminating: false }
const LEAVING = { ready: false, serving: true, terminating: true }
const GONE = { ready: false, serving: false, terminating: true }

// Upstream: TestCategorizeEndpoints.
test.each<{ name: string; endpoints: Readonly<Record<string, EndpointPart>>; want: readonly string[] }>([
  {
    name: 'ready ones only',
    endpoints: { '10.1.0.1': READY, '10.1.0.2': NOT_READY, '10.1.0.3': LEAVING },
    want: ['10.1.0.1:8080'],
  },
  {
    name: 'those that still serve, while none is ready',
    endpoints: { '10.1.0.2': NOT_READY, '10.1.0.3': LEAVING },
    want: ['10.1.0.3:8080'],
  },
  {
    name: 'nobody, when those that leave do not serve',
    endpoints: { '10.1.0.2': NOT_READY, '10.1.0.3': GONE },
    want: [],
  },
  { name: 'unknown readiness as ready', endpoints: { '10.1.0.1': {} }, want: ['10.1.0.1:8080'] },
])('chosen are $name', ({ endpoints, want }) => {
  expect(backends(serviceOf(), sliceOf(endpoints))).toEqual(want)
})

test('slices are joined, and what two of them name is there once', () => {
  const slices = [sliceOf({ '10.1.0.2': READY }), sliceOf({ '10.1.0.1': READY, '10.1.0.2': READY })]
  expect(backends(serviceOf(), ...slices)).toEqual(['10.1.0.1:8080', '10.1.0.2:8080'])
})

test('a port is found by name and protocol, and may have another number in each slice', () => {
  const service = serviceOf({
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  })
  const ports = [
    { name: 'dns', port: 5353, protocol: 'UDP' },
    { name: 'http', port: 8081 },
  ]
  const found = forwardingsOf([service], [sliceOf({ '10.1.0.1': READY }, ports), sliceOf({ '10.1.0.2': READY })])
  expect(found).toMatchObject([
    { key: 'tcp/80/ns/s', protocol: 'tcp', backends: [{ port: 8081 }, { port: 8080 }] },
    { key: 'udp/53/ns/s', protocol: 'udp', backends: [{ address: '10.1.0.1', port: 5353 }] },
  ])
})

test('who has no address, is a mere name or on its way out is not forwarded', () => {
  const slice = sliceOf({ '10.1.0.1': READY })
  const services = [
    serviceOf({ clusterIP: 'None' }),
    serviceOf({ type: 'ExternalName', externalName: 'x.org', clusterIP: undefined }),
    serviceOf({}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
  ]
  expect(forwardingsOf(services, [slice])).toEqual([])
})

test('affinity, node port, other addresses and metering are carried along', () => {
  const service = serviceOf(
    { sessionAffinity: 'ClientIP', externalIPs: ['192.0.2.7'], ports: [{ name: 'http', port: 80, nodePort: 30_080 }] },
    { annotations: { 'solvent.dev/scale-to-zero-after': '30' } },
  )
  expect(forwardingsOf([service], [])).toEqual([
    {
      key: 'tcp/80/ns/s',
      protocol: 'tcp',
      addresses: ['10.0.0.1', '192.0.2.7'],
      port: 80,
      nodePort: 30_080,
      backends: [],
      affinitySeconds: 10_800,
      isLocalOnly: false,
      isMetered: true,
    },
  ])
})

test('who waits for pods takes the connections while there is none, and no longer', () => {
  const waiting = { address: '10.9.0.1', port: 4000 }
  const activations = new Map([['tcp/80/ns/s', waiting]])
  const of = (slice: EndpointSlice) => forwardingsOf([serviceOf()], [slice], activations)[0]?.backends
  expect(of(sliceOf({}))).toEqual([waiting])
  expect(of(sliceOf({ '10.1.0.1': READY }))).toEqual([{ address: '10.1.0.1', port: 8080 }])
})
