/** resolv.conf of a pod, as the kubelet writes it (pkg/kubelet/network/dns/dns_test.go, TestGetPodDNS). */
import { expect, test } from 'vitest'
import type { Pod } from '../../kube/core.ts'
import { ownEntries, resolverText, switchText } from './pod-resolver.ts'

const podOf = (spec: object): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name: 'p' },
  spec: { containers: [], ...spec },
})
const facts = {
  nameservers: ['10.0.80.1', '10.0.64.10'],
  machine: 'nameserver 192.0.2.1\nsearch lan\noptions rotate\n',
}

test.each([
  {
    name: 'ClusterFirst: the cluster, then the machine’s domains',
    spec: {},
    want: 'search ns.svc.cluster.local svc.cluster.local cluster.local lan\nnameserver 10.0.80.1\nnameserver 10.0.64.10\noptions ndots:5 timeout:1 attempts:5\n',
  },
  {
    name: 'Default: as the machine',
    spec: { dnsPolicy: 'Default' },
    want: 'search lan\nnameserver 192.0.2.1\noptions rotate\n',
  },
  {
    name: 'None: only what the pod says',
    spec: {
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['9.9.9.9'], searches: ['x.org'], options: [{ name: 'edns0' }] },
    },
    want: 'search x.org\nnameserver 9.9.9.9\noptions edns0\n',
  },
  {
    name: 'options of the pod go before',
    spec: { dnsConfig: { options: [{ name: 'ndots', value: '2' }] } },
    want: 'search ns.svc.cluster.local svc.cluster.local cluster.local lan\nnameserver 10.0.80.1\nnameserver 10.0.64.10\noptions ndots:2 timeout:1 attempts:5\n',
  },
])('$name', ({ spec, want }) => {
  expect(resolverText(podOf(spec), facts)).toBe(want)
})

test('a pod of a Service has its long name, and the aliases that it asked for', () => {
  const pod = podOf({ subdomain: 'db', hostAliases: [{ ip: '192.0.2.9', hostnames: ['a', 'b'] }] })
  expect(ownEntries(pod, 'db-0', '10.0.0.1')).toEqual([
    { address: '10.0.0.1', names: ['db-0.db.ns.svc.cluster.local', 'db-0'] },
    { address: '192.0.2.9', names: ['a', 'b'] },
  ])
})

test('a machine that asks systemd for names does not do so in pods', () => {
  const machine = 'passwd: files\nhosts: files resolve [!UNAVAIL=return] dns\nnetworks: files\n'
  expect(switchText(machine)).toBe('passwd: files\nhosts: files dns\nnetworks: files\n')
  expect(switchText('hosts: files mdns4_minimal [NOTFOUND=return] dns\n')).toBeUndefined()
})
