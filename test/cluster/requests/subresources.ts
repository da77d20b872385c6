/** What stands under an object, and how objects go: scale, eviction, binding, tokens; finalizers, preconditions, grace. */
import { apis, core, get, jsonPatch, mergePatch, post, put, remove, type Scenario, scenario } from './request.ts'

const pod = (name: string, metadata: object = {}, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'i:1' }], ...spec },
})
const map = (name: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
})
const set = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'r' },
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
}
const scale = `${apis('apps/v1', 'replicasets', 'r')}/scale`
const binding = (target: object, metadata: object = { name: 'p' }) => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata,
  target,
})
const eviction = (name: string, rest: object = {}) => ({
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  metadata: { name },
  ...rest,
})
const options = (rest: object) => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...rest })
const token = (spec: object) => ({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec })
const pdb = (spec: object) => ({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b' }, spec })
const x = core('configmaps', 'x')

export const SUBRESOURCES: readonly Scenario[] = [
  scenario(
    'scale',
    post(apis('apps/v1', 'replicasets'), set, { unseen: true }),
    get(scale),
    mergePatch(scale, { spec: { replicas: 3 } }, { keep: { rv: 'metadata.resourceVersion' } }),
    put(scale, {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'r', namespace: 'NS' },
      spec: { replicas: 4 },
    }),
    put(scale, {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'r', namespace: 'NS', resourceVersion: '{rv}' },
      spec: { replicas: 5 },
    }),
    put(scale, {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'r', namespace: 'NS' },
      spec: { replicas: -4 },
    }),
    put(scale, {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'other', namespace: 'NS' },
      spec: { replicas: 4 },
    }),
    put(scale, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'r', namespace: 'NS' } }),
    mergePatch(scale, { spec: { replicas: 'x' } }),
    mergePatch(scale, { status: { replicas: 9 } }),
    jsonPatch(scale, [{ op: 'replace', path: '/spec/replicas', value: 1 }]),
    mergePatch(`${scale}?dryRun=All`, { spec: { replicas: 8 } }),
    get(scale, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }),
    get(apis('apps/v1', 'replicasets', 'r'), { owners: true }),
    remove(scale),
    post(scale, {}),
    get(`${apis('apps/v1', 'replicasets', 'absent')}/scale`),
    get(`${core('configmaps', 'r')}/scale`),
  ),
  scenario(
    'binding',
    post(core('pods'), pod('p'), { unseen: true }),
    post(`${core('pods', 'p')}/binding`, binding({})),
    post(`${core('pods', 'p')}/binding`, binding({ kind: 'Pod', name: 'n' })),
    post(
      `${core('pods', 'p')}/binding`,
      binding({ kind: 'Node', name: 'n' }, { name: 'p', uid: '00000000-0000-0000-0000-000000000000' }),
    ),
    post(`${core('pods', 'p')}/binding?dryRun=All`, binding({ kind: 'Node', name: 'n' })),
    post(
      `${core('pods', 'p')}/binding`,
      binding({ kind: 'Node', name: 'n' }, { name: 'p', annotations: { a: 'b' }, labels: { c: 'd' } }),
    ),
    get(core('pods', 'p'), { owners: true }),
    post(`${core('pods', 'p')}/binding`, binding({ kind: 'Node', name: 'm' })),
    post(`${core('pods', 'absent')}/binding`, binding({ kind: 'Node', name: 'm' }, { name: 'absent' })),
    post(`${core('pods', 'p')}/binding`, binding({ kind: 'Node', name: 'm' }, { name: 'other' })),
    get(`${core('pods', 'p')}/binding`),
    post(core('pods'), pod('gated', {}, { schedulingGates: [{ name: 'a.example/b' }] }), { unseen: true }),
    post(`${core('pods', 'gated')}/binding`, binding({ kind: 'Node', name: 'n' }, { name: 'gated' })),
    post(core('bindings'), binding({ kind: 'Node', name: 'n' }, { name: 'p' })),
  ),
  scenario(
    'eviction',
    post(core('pods'), pod('p', { labels: { a: 'b' } }), { unseen: true }),
    post(core('pods'), pod('q', { labels: { a: 'b' } }), { unseen: true }),
    post(`${core('pods', 'absent')}/eviction`, eviction('absent')),
    post(`${core('pods', 'p')}/eviction`, eviction('other')),
    post(`${core('pods', 'p')}/eviction?dryRun=All`, eviction('p')),
    post(apis('policy/v1', 'poddisruptionbudgets'), pdb({ minAvailable: 1, selector: { matchLabels: { a: 'b' } } })),
    post(apis('policy/v1', 'poddisruptionbudgets'), pdb({ minAvailable: 1, maxUnavailable: 1 })),
    post(`${core('pods', 'p')}/eviction`, eviction('p')),
    mergePatch(
      `${core('pods', 'q')}/status`,
      { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
      { unseen: true },
    ),
    post(`${core('pods', 'q')}/eviction`, eviction('q')),
    mergePatch(`${apis('policy/v1', 'poddisruptionbudgets', 'b')}/status`, {
      status: { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
    }),
    post(`${core('pods', 'q')}/eviction`, eviction('q')),
    mergePatch(
      `${apis('policy/v1', 'poddisruptionbudgets', 'b')}/status`,
      { status: { observedGeneration: 1, disruptionsAllowed: 1 } },
      { unseen: true },
    ),
    post(`${core('pods', 'q')}/eviction`, eviction('q', { deleteOptions: { gracePeriodSeconds: 0 } })),
    get(core('pods', 'q')),
  ),
  scenario(
    'token',
    post(`${core('serviceaccounts', 'default')}/token`, token({ audiences: ['x'], expirationSeconds: 3600 })),
    post(`${core('serviceaccounts', 'default')}/token`, token({})),
    post(`${core('serviceaccounts', 'default')}/token`, token({ expirationSeconds: 5 })),
    post(`${core('serviceaccounts', 'absent')}/token`, token({})),
    post(
      `${core('serviceaccounts', 'default')}/token`,
      token({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'absent' } }),
    ),
    post(
      `${core('serviceaccounts', 'default')}/token`,
      token({ boundObjectRef: { kind: 'Nonsense', apiVersion: 'v1', name: 'x' } }),
    ),
    post(`${core('serviceaccounts', 'default')}/token`, token({ expirationSeconds: 8589934592 })),
  ),
  scenario(
    'ephemeral containers and resize',
    post(
      core('pods'),
      pod('p', {}, { containers: [{ name: 'c', image: 'i:1', resources: { requests: { cpu: '1' } } }] }),
      { unseen: true },
    ),
    get(`${core('pods', 'p')}/ephemeralcontainers`),
    mergePatch(`${core('pods', 'p')}/ephemeralcontainers`, {
      spec: { ephemeralContainers: [{ name: 'e', image: 'x' }] },
    }),
    mergePatch(`${core('pods', 'p')}/ephemeralcontainers`, {
      spec: { ephemeralContainers: [{ name: 'e', image: 'y' }] },
    }),
    mergePatch(`${core('pods', 'p')}/ephemeralcontainers`, {
      spec: {
        ephemeralContainers: [
          { name: 'e', image: 'x' },
          { name: 'c', image: 'x' },
        ],
      },
    }),
    mergePatch(`${core('pods', 'p')}/ephemeralcontainers`, {
      spec: {
        ephemeralContainers: [
          { name: 'e', image: 'x' },
          { name: 'f', image: 'x', ports: [{ containerPort: 1 }] },
        ],
      },
    }),
    mergePatch(`${core('pods', 'p')}/ephemeralcontainers`, {
      spec: {
        ephemeralContainers: [
          { name: 'e', image: 'x' },
          { name: 'f', image: 'x', targetContainerName: 'absent' },
        ],
      },
    }),
    mergePatch(core('pods', 'p'), { spec: { ephemeralContainers: null } }),
    mergePatch(`${core('pods', 'p')}/resize`, {
      spec: { containers: [{ name: 'c', image: 'i:1', resources: { requests: { cpu: '2' } } }] },
    }),
    mergePatch(`${core('pods', 'p')}/resize`, {
      spec: { containers: [{ name: 'c', image: 'i:2', resources: { requests: { cpu: '3' } } }] },
    }),
    mergePatch(`${core('pods', 'p')}/resize`, { spec: { containers: [{ name: 'c', image: 'i:1', resources: {} }] } }),
    get(`${core('pods', 'p')}/resize`),
    get(core('pods', 'p')),
  ),
  scenario(
    'finalizers',
    post(core('configmaps'), map('x', { finalizers: ['e.x/a', 'e.x/b'] }), {
      keep: { uid: 'metadata.uid', rv: 'metadata.resourceVersion' },
    }),
    remove(x),
    remove(x),
    get(x),
    mergePatch(x, { metadata: { finalizers: ['e.x/a', 'e.x/c'] } }),
    mergePatch(x, { metadata: { labels: { a: 'b' } } }),
    mergePatch(x, { metadata: { deletionTimestamp: null } }),
    post(core('configmaps'), map('x')),
    mergePatch(x, { metadata: { finalizers: ['e.x/b'] } }),
    jsonPatch(x, [{ op: 'remove', path: '/metadata/finalizers' }]),
    get(x),
    remove(x),
  ),
  scenario(
    'delete options',
    post(core('configmaps'), map('x'), { keep: { uid: 'metadata.uid', rv: 'metadata.resourceVersion' } }),
    remove(x, options({ preconditions: { uid: '00000000-0000-0000-0000-000000000000' } })),
    remove(x, options({ preconditions: { resourceVersion: '1' } })),
    remove(x, options({ propagationPolicy: 'Nonsense' })),
    remove(`${x}?propagationPolicy=Nonsense`),
    remove(x, options({ orphanDependents: true, propagationPolicy: 'Orphan' })),
    remove(x, options({ gracePeriodSeconds: -5, dryRun: ['All'] })),
    remove(x, options({ gracePeriodSeconds: 'x' })),
    remove(x, options({ nonsense: 1, dryRun: ['All'] })),
    remove(x, { kind: 'ConfigMap', apiVersion: 'v1' }),
    remove(x, '{'),
    remove(`${x}?gracePeriodSeconds=x`),
    remove(`${x}?dryRun=x`),
    remove(x, options({ preconditions: { uid: '{uid}', resourceVersion: '{rv}' } })),
    remove(x, options({})),
    post(core('configmaps'), map('f')),
    remove(core('configmaps', 'f'), options({ propagationPolicy: 'Foreground' })),
    get(core('configmaps', 'f')),
    post(core('configmaps'), map('o')),
    remove(`${core('configmaps', 'o')}?propagationPolicy=Orphan`),
    get(core('configmaps', 'o')),
    remove(core('configmaps', 'o'), options({ propagationPolicy: 'Background' })),
  ),
  scenario(
    'pod grace',
    post(core('pods'), pod('u'), { unseen: true }),
    remove(core('pods', 'u')),
    get(core('pods', 'u')),
    post(core('pods'), pod('p', {}, { nodeName: 'n' }), { unseen: true }),
    remove(core('pods', 'p')),
    get(core('pods', 'p')),
    remove(core('pods', 'p'), options({ gracePeriodSeconds: 60 })),
    remove(core('pods', 'p'), options({ gracePeriodSeconds: 5 })),
    mergePatch(core('pods', 'p'), { metadata: { labels: { a: 'b' } } }),
    remove(core('pods', 'p'), options({ gracePeriodSeconds: 0 })),
    get(core('pods', 'p')),
    post(core('pods'), pod('z', {}, { nodeName: 'n', terminationGracePeriodSeconds: 0 }), { unseen: true }),
    remove(core('pods', 'z')),
    post(core('pods'), pod('done', {}, { nodeName: 'n' }), { unseen: true }),
    mergePatch(`${core('pods', 'done')}/status`, { status: { phase: 'Succeeded' } }, { unseen: true }),
    remove(core('pods', 'done')),
    post(core('pods'), pod('neg', {}, { nodeName: 'n' }), { unseen: true }),
    remove(core('pods', 'neg'), options({ gracePeriodSeconds: -1 })),
  ),
  scenario(
    'delete collection',
    post(core('configmaps'), map('a', { labels: { x: '1' } }), { unseen: true }),
    post(core('configmaps'), map('b', { labels: { x: '2' } }), { unseen: true }),
    post(core('configmaps'), map('c', { labels: { x: '1' }, finalizers: ['e.x/a'] }), { unseen: true }),
    remove(`${core('configmaps')}?labelSelector=x%3D1&dryRun=All`),
    remove(`${core('configmaps')}?labelSelector=x%3D1`),
    get(core('configmaps')),
    remove(`${core('configmaps')}?labelSelector=%3D%3D`),
    remove(`${core('configmaps')}?fieldSelector=metadata.name%3Db`),
    remove(core('configmaps'), '{'),
    remove(core('configmaps')),
    get(core('configmaps')),
    remove(core('services'), options({ propagationPolicy: 'x' })),
    remove('/api/v1/configmaps?labelSelector=none%3Dsuch'),
  ),
  scenario(
    'namespaces',
    post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'm-NS', labels: { a: 'b' } } }),
    mergePatch('/api/v1/namespaces/m-NS', { metadata: { labels: { 'kubernetes.io/metadata.name': 'x' } } }),
    mergePatch('/api/v1/namespaces/m-NS', { spec: { finalizers: [] } }),
    mergePatch('/api/v1/namespaces/m-NS/status', { status: { phase: 'Terminating' } }),
    remove('/api/v1/namespaces/m-NS'),
    get('/api/v1/namespaces/m-NS'),
    post('/api/v1/namespaces/m-NS/configmaps', map('a')),
    put('/api/v1/namespaces/m-NS/finalize', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'm-NS' },
      spec: { finalizers: [] },
    }),
    get('/api/v1/namespaces/m-NS'),
    remove('/api/v1/namespaces/default'),
    remove('/api/v1/namespaces'),
    mergePatch('/api/v1/namespaces/m-NS/finalize', {}),
  ),
]
