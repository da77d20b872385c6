/** Ports of the machine that lead to one pod. */
import { expect, test } from 'vitest'
import type { Pod } from '../../kube/core.ts'
import { hostPortsOf } from './host-ports.ts'

const podOf = (ports: object[], status: Pod['status']): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'ns', name: 'p' },
    spec: { containers: [{ name: 'c', ports }] },
    status,
  }) as Pod

test('a port of the machine leads to the pod that asked for it, as long as that has an address', () => {
  const ports = [
    { containerPort: 80, hostPort: 8080 },
    { containerPort: 53, hostPort: 5353, protocol: 'UDP' },
    { containerPort: 90 },
  ]
  expect(hostPortsOf([podOf(ports, { phase: 'Running', podIP: '10.0.0.1' })])).toMatchObject([
    { key: 'tcp/host-8080/ns/p', nodePort: 8080, addresses: [], backends: [{ address: '10.0.0.1', port: 80 }] },
    { key: 'udp/host-5353/ns/p', nodePort: 5353, protocol: 'udp', backends: [{ address: '10.0.0.1', port: 53 }] },
  ])
  expect(
    hostPortsOf([podOf(ports, { phase: 'Succeeded', podIP: '10.0.0.1' }), podOf(ports, { phase: 'Pending' })]),
  ).toEqual([])
})
