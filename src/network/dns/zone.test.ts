/** What names lead to, by the specification of DNS-based service discovery (kubernetes/dns, v1.1.0). */
import { expect, test } from 'vitest'
import type { EndpointSlice, Service } from '../../kube/core.ts'
import { SERVICE_NAME } from '../../kube/names.ts'
import type { Endpoint } from '../pod-names.ts'
import { answerQuestion } from './answer-question.ts'
import { CODE, TYPE } from './dns-message.ts'
import { zoneOf } from './zone.ts'

const serviceOf = (name: string, spec: Service['spec']): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'ns', name },
  spec,
})
const services = [
  serviceOf('web', {
    clusterIP: '10.0.64.9',
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  }),
  serviceOf('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] }),
  serviceOf('empty', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] }),
  serviceOf('far', { type: 'ExternalName', externalName: 'db.example.com' }),
]
const endpoint = (address: string, hostname?: string): Endpoint => ({
  namespace: 'ns',
  service: 'db',
  address,
  ...(hostname ? { hostname } : {}),
})
const endpoints = [endpoint('10.0.0.2', 'db-0'), endpoint('10.0.0.3')]
const slices: EndpointSlice[] = [
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'ns', name: 'db-x', labels: { [SERVICE_NAME]: 'db' } },
    addressType: 'IPv4',
    endpoints: endpoints.map(({ address }) => ({ addresses: [address] })),
    ports: [{ name: 'sql', port: 15_432 }],
  },
]
const zone = zoneOf({ services, slices, endpoints })
const ask = (name: string, type: keyof typeof TYPE = 'A') =>
  answerQuestion(zone, { name, type: TYPE[type] }, address => address.startsWith('10.0.'))
const found = (name: string, type: keyof typeof TYPE = 'A') =>
  ask(name, type)?.answers.map(record =>
    'address' in record
      ? record.address
      : 'port' in record
        ? `${record.port} ${record.target}`
        : 'target' in record
          ? record.target
          : record.text,
  )

test('a Service with an address', () => {
  expect(found('web.ns.svc.cluster.local')).toEqual(['10.0.64.9'])
  expect(found('_http._tcp.web.ns.svc.cluster.local', 'SRV')).toEqual(['80 web.ns.svc.cluster.local'])
  expect(found('_dns._udp.web.ns.svc.cluster.local', 'SRV')).toEqual(['53 web.ns.svc.cluster.local'])
  expect(ask('_http._tcp.web.ns.svc.cluster.local', 'SRV')?.additional).toEqual([
    { name: 'web.ns.svc.cluster.local', type: 'A', address: '10.0.64.9' },
  ])
  expect(found('9.64.0.10.in-addr.arpa', 'PTR')).toEqual(['web.ns.svc.cluster.local'])
})

test('a headless Service leads to its pods, each by its host name or its address', () => {
  expect(found('db.ns.svc.cluster.local')).toEqual(['10.0.0.2', '10.0.0.3'])
  expect(found('db-0.db.ns.svc.cluster.local')).toEqual(['10.0.0.2'])
  expect(found('10-0-0-3.db.ns.svc.cluster.local')).toEqual(['10.0.0.3'])
  expect(found('_sql._tcp.db.ns.svc.cluster.local', 'SRV')).toEqual([
    '15432 db-0.db.ns.svc.cluster.local',
    '15432 10-0-0-3.db.ns.svc.cluster.local',
  ])
  expect(found('2.0.0.10.in-addr.arpa', 'PTR')).toEqual(['db-0.db.ns.svc.cluster.local'])
})

test('an ExternalName leads on', () => {
  expect(found('far.ns.svc.cluster.local')).toEqual(['db.example.com'])
})

test('a pod by its address, and the version', () => {
  expect(found('10-0-0-3.ns.pod.cluster.local')).toEqual(['10.0.0.3'])
  expect(found('dns-version.cluster.local', 'TXT')).toEqual(['1.1.0'])
})

test('what exists without such a record is told apart from what does not exist', () => {
  const existing = [
    ['web.ns.svc.cluster.local', 'AAAA'],
    ['ns.svc.cluster.local', 'A'],
    ['svc.cluster.local', 'A'],
    ['_tcp.web.ns.svc.cluster.local', 'SRV'],
  ] as const
  for (const [name, type] of existing) expect(ask(name, type), name).toMatchObject({ code: CODE.ok, answers: [] })
  const missing = [
    'no.ns.svc.cluster.local',
    'db-9.db.ns.svc.cluster.local',
    'web.other.svc.cluster.local',
    'empty.ns.svc.cluster.local',
  ]
  for (const name of missing) expect(ask(name), name).toMatchObject({ code: CODE.noSuchName })
})

test('the rest of the world is somebody else’s, but for single words', () => {
  expect(ask('example.com')).toBeUndefined()
  expect(ask('1.2.0.192.in-addr.arpa', 'PTR')).toBeUndefined()
  expect(ask('printer')).toMatchObject({ code: CODE.noSuchName })
})
