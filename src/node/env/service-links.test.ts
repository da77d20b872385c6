/** Upstream: pkg/kubelet/envvars/envvars_test.go, TestFromServices. */
import { expect, test } from 'vitest'
import type { Service } from '../../kube/core.ts'
import { serviceLinks } from './service-links.ts'

const service = (name: string, spec: Service['spec']): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec,
})

test('each Service with an address has its variables, in both of their forms', () => {
  const services = [
    service('foo-bar', { clusterIP: '1.2.3.4', ports: [{ port: 8080, protocol: 'TCP' }] }),
    service('abc-123', {
      clusterIP: '5.6.7.8',
      ports: [
        { name: 'u-d-p', port: 8081, protocol: 'UDP' },
        { name: 't-c-p', port: 8081, protocol: 'TCP' },
      ],
    }),
    service('svrc-clusterip-none', { clusterIP: 'None', ports: [{ port: 8082 }] }),
    service('svrc-clusterip-empty', { clusterIP: '', ports: [{ port: 8082 }] }),
  ]
  expect(serviceLinks(services)).toEqual({
    FOO_BAR_SERVICE_HOST: '1.2.3.4',
    FOO_BAR_SERVICE_PORT: '8080',
    FOO_BAR_PORT: 'tcp://1.2.3.4:8080',
    FOO_BAR_PORT_8080_TCP: 'tcp://1.2.3.4:8080',
    FOO_BAR_PORT_8080_TCP_PROTO: 'tcp',
    FOO_BAR_PORT_8080_TCP_PORT: '8080',
    FOO_BAR_PORT_8080_TCP_ADDR: '1.2.3.4',
    ABC_123_SERVICE_HOST: '5.6.7.8',
    ABC_123_SERVICE_PORT: '8081',
    ABC_123_SERVICE_PORT_U_D_P: '8081',
    ABC_123_SERVICE_PORT_T_C_P: '8081',
    ABC_123_PORT: 'udp://5.6.7.8:8081',
    ABC_123_PORT_8081_UDP: 'udp://5.6.7.8:8081',
    ABC_123_PORT_8081_UDP_PROTO: 'udp',
    ABC_123_PORT_8081_UDP_PORT: '8081',
    ABC_123_PORT_8081_UDP_ADDR: '5.6.7.8',
    ABC_123_PORT_8081_TCP: 'tcp://5.6.7.8:8081',
    ABC_123_PORT_8081_TCP_PROTO: 'tcp',
    ABC_123_PORT_8081_TCP_PORT: '8081',
    ABC_123_PORT_8081_TCP_ADDR: '5.6.7.8',
  })
})
