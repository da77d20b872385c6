/** What needs controllers on both sides: the garbage collector and the emptying of namespaces. */
import { core, get, mergePatch, post, remove, type Scenario, withControllers } from './request.ts'

const map = (name: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
})
const owned = (name: string, owner: string, more: object = {}) =>
  map(name, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid: `{${owner}}`, ...more }] })
const OWNER = post(core('configmaps'), map('owner'), { unseen: true, keep: { owner: 'metadata.uid' } })
const options = (propagationPolicy: string) => ({ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy })

export const COLLECTOR: readonly Scenario[] = [
  withControllers(
    'background',
    OWNER,
    post(core('configmaps'), owned('child', 'owner')),
    remove(core('configmaps', 'owner'), options('Background')),
    get(core('configmaps', 'child'), { until: 404 }),
  ),
  withControllers(
    'foreground',
    OWNER,
    post(core('configmaps'), owned('child', 'owner', { blockOwnerDeletion: true })),
    mergePatch(core('configmaps', 'child'), { metadata: { finalizers: ['e.x/a'] } }),
    remove(core('configmaps', 'owner'), options('Foreground')),
    get(core('configmaps', 'owner')),
    mergePatch(core('configmaps', 'child'), { metadata: { finalizers: null } }, { unseen: true }),
    get(core('configmaps', 'child'), { until: 404 }),
    get(core('configmaps', 'owner'), { until: 404 }),
  ),
  withControllers(
    'orphan',
    OWNER,
    post(core('configmaps'), owned('child', 'owner')),
    remove(core('configmaps', 'owner'), options('Orphan')),
    get(core('configmaps', 'owner'), { until: 404 }),
    get(core('configmaps', 'child')),
  ),
  withControllers(
    'absent owner',
    post(
      core('configmaps'),
      map('child', {
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'none', uid: '00000000-0000-0000-0000-00000000000a' },
        ],
      }),
    ),
    get(core('configmaps', 'child'), { until: 404 }),
  ),
  withControllers(
    'namespace teardown',
    post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'down-NS' } }),
    post('/api/v1/namespaces/down-NS/configmaps', map('a', { finalizers: ['e.x/a'] })),
    post('/api/v1/namespaces/down-NS/configmaps', map('b'), { unseen: true }),
    remove('/api/v1/namespaces/down-NS'),
    get('/api/v1/namespaces/down-NS/configmaps/b', { until: 404 }),
    get('/api/v1/namespaces/down-NS/configmaps/a'),
    post('/api/v1/namespaces/down-NS/configmaps', map('c')),
    mergePatch('/api/v1/namespaces/down-NS/configmaps/a', { metadata: { finalizers: null } }, { unseen: true }),
    get('/api/v1/namespaces/down-NS', { until: 404 }),
  ),
]
