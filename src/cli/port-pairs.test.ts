import { expect, test } from 'vitest'
import type { Pod } from '../kube/core.ts'
import type { UnknownObject } from '../kube/object.ts'
import { remoteFrom } from './commands/cp.ts'
import { forwardedPorts } from './port-pairs.ts'

const pod = {
  metadata: { name: 'web-0' },
  spec: { containers: [{ name: 'main', ports: [{ name: 'http', containerPort: 8080 }] }] },
} as unknown as Pod
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { ports: [{ name: 'main', port: 80, targetPort: 'http' }, { port: 81 }] },
} as UnknownObject

test.each([
  ['9000', undefined, { local: 9000, remote: 9000 }],
  ['8000:9000', undefined, { local: 8000, remote: 9000 }],
  [':9000', undefined, { local: 0, remote: 9000 }],
  ['http', undefined, { local: 8080, remote: 8080 }],
  ['8000:http', undefined, { local: 8000, remote: 8080 }],
  ['80', service, { local: 80, remote: 8080 }],
  ['8000:main', service, { local: 8000, remote: 8080 }],
  [':81', service, { local: 0, remote: 81 }],
])('%s', (word, owner, expected) => expect(forwardedPorts([word], pod, owner)).toEqual([expected]))

test.each([
  ['0', undefined, '"0" is not of the form [LOCAL:]REMOTE with ports from 1 to 65535'],
  ['1:2:3', undefined, '"1:2:3" is not of the form [LOCAL:]REMOTE'],
  ['https', undefined, 'pod web-0 has no port named "https", only http'],
  ['82', service, 'service web has no port 82, only 80 (main), 81'],
])('%s is refused', (word, owner, message) => expect(() => forwardedPorts([word], pod, owner)).toThrow(message))

test.each([
  ['web-0:/tmp/a', { pod: 'web-0', path: '/tmp/a' }],
  ['team/web-0:a', { namespace: 'team', pod: 'web-0', path: 'a' }],
  ['./a:b', undefined],
  ['/tmp/a', undefined],
])('%s as a place of cp', (text, expected) => expect(remoteFrom(text)).toEqual(expected))
