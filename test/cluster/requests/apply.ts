/** Server-side apply: who owns what, conflicts, force, hand-over, lists with and without keys. */
import { apis, applyPatch, core, get, mergePatch, post, put, type Scenario, scenario } from './request.ts'

const map = (rest: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, ...rest })
const at = core('configmaps', 'a')
const by = (manager: string, more = '') => `${at}?fieldManager=${manager}${more}`
const d = (manager: string, more = '') => `${apis('apps/v1', 'deployments', 'd')}?fieldManager=${manager}${more}`
const deployment = (spec: object, containers?: readonly object[]) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: {
    ...spec,
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { ...(containers && { containers }) } },
  },
})
const service = (ports: readonly object[]) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's' },
  spec: { ports, selector: { a: 'b' } },
})
const s = (manager: string, more = '') => `${core('services', 's')}?fieldManager=${manager}${more}`
const sa = (secrets: readonly object[], more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'x' },
  secrets,
  ...more,
})

export const APPLIES: readonly Scenario[] = [
  scenario(
    'apply two managers',
    applyPatch(by('one'), map({ data: { k: '1', l: '1' } })),
    applyPatch(by('one'), map({ data: { k: '1', l: '1' } })),
    applyPatch(by('two'), map({ data: { k: '2' } })),
    applyPatch(by('two'), map({ data: { k: '1' } })),
    applyPatch(by('two', '&force=true'), map({ data: { k: '2', m: '2' } })),
    applyPatch(by('one'), map({ data: { k: '1', l: '1' } })),
    applyPatch(by('one'), map({ data: { l: '1' } })),
    applyPatch(by('one'), map({ data: {} })),
    applyPatch(by('one'), map({})),
    applyPatch(by('two'), map({ data: {} })),
    put(`${at}?fieldManager=three`, map({ data: { z: '3' } }), { owners: true }),
    applyPatch(by('one'), map({ data: { z: '1' } })),
    applyPatch(by('one', '&force=true'), map({ data: { z: '1' } })),
    mergePatch(`${at}?fieldManager=four`, { data: { z: '4' } }, { owners: true }),
    applyPatch(by('one'), map({ data: { z: '1' } })),
    mergePatch(`${at}?fieldManager=one`, { data: { z: '5' } }, { owners: true }),
    applyPatch(by('one'), map({ data: { z: '5', y: '5' } })),
    get(at, { owners: true }),
  ),
  scenario(
    'apply refused',
    applyPatch(at, map({})),
    applyPatch(by('one'), { ...map({}), metadata: {} }),
    applyPatch(by('one'), { ...map({}), metadata: { name: 'b' } }),
    applyPatch(by('one'), {
      ...map({}),
      metadata: { name: 'a', managedFields: [{ manager: 'x', operation: 'Apply' }] },
    }),
    applyPatch(by('one'), { ...map({}), metadata: { name: 'a', uid: '00000000-0000-0000-0000-000000000000' } }),
    applyPatch(by('one'), { ...map({}), metadata: { name: 'a', resourceVersion: '1' } }),
    applyPatch(by('one'), { ...map({}), kind: 'Secret' }),
    applyPatch(by('one'), { kind: 'ConfigMap', metadata: { name: 'a' } }),
    applyPatch(by('one'), { apiVersion: 'v1', metadata: { name: 'a' } }),
    applyPatch(by('one'), 'a: [', {}),
    applyPatch(by('one'), '- a', {}),
    applyPatch(by('one'), '', {}),
    applyPatch(by('one'), map({ nonsense: 1 })),
    applyPatch(by('one', '&fieldValidation=Strict'), map({ nonsense: 1 })),
    applyPatch(by('one'), map({ data: { k: 1 } })),
    applyPatch(by('one'), map({ data: 'x' })),
    applyPatch(by('one', '&dryRun=All'), map({ data: { k: 'v' } })),
    get(at),
    applyPatch(by('one'), 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n'),
    applyPatch(by('one'), map({ data: { k: 'w' } }), { type: 'application/apply-patch+json' }),
    applyPatch(by('one'), { ...map({}), metadata: { name: 'a', resourceVersion: '1' } }),
    applyPatch(by('one'), { ...map({}), metadata: { name: 'a', uid: '00000000-0000-0000-0000-000000000000' } }),
    applyPatch(by('one', '&force=maybe'), map({})),
    applyPatch(
      by('two', '&fieldValidation=Strict'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n  k: w\n',
    ),
  ),
  scenario(
    'apply after create',
    post(`${core('configmaps')}?fieldManager=creator`, map({ data: { k: '1', l: '1' } }), { owners: true }),
    applyPatch(by('one'), map({ data: { k: '2' } })),
    applyPatch(by('one'), map({ data: { k: '1' } })),
    applyPatch(by('creator'), map({ data: { k: '3' } })),
    applyPatch(by('one', '&force=true'), map({ data: { k: '4' } })),
    get(at, { owners: true }),
  ),
  scenario(
    'apply a deployment',
    applyPatch(
      d('one'),
      deployment({ replicas: 2 }, [
        { name: 'a', image: 'i:1', ports: [{ containerPort: 80 }], env: [{ name: 'x', value: '1' }] },
      ]),
    ),
    applyPatch(d('two'), deployment({}, [{ name: 'b', image: 'j:1' }])),
    applyPatch(d('two'), deployment({ replicas: 3 }, [{ name: 'b', image: 'j:1' }])),
    applyPatch(
      d('two', '&force=true'),
      deployment({ replicas: 3 }, [{ name: 'a', image: 'k:1', env: [{ name: 'y', value: '2' }] }]),
    ),
    applyPatch(d('one'), deployment({}, [{ name: 'a', ports: [{ containerPort: 80 }] }])),
    mergePatch(`${apis('apps/v1', 'deployments', 'd')}/scale?fieldManager=scaler`, { spec: { replicas: 5 } }),
    get(apis('apps/v1', 'deployments', 'd'), { owners: true }),
    applyPatch(d('two'), deployment({ replicas: 3 }, [{ name: 'a', image: 'k:1' }])),
    applyPatch(d('two'), deployment({}, [{ name: 'a', image: 'k:1' }])),
    applyPatch(`${apis('apps/v1', 'deployments', 'd')}/status?fieldManager=status`, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      status: { replicas: 1, conditions: [{ type: 'A', status: 'True' }] },
    }),
    applyPatch(d('three'), deployment({}, [{ name: 'a' }, { name: 'a' }])),
    applyPatch(d('three'), deployment({}, [{ image: 'nameless' }])),
  ),
  scenario(
    'apply service ports',
    applyPatch(
      s('one'),
      service([
        { name: 'a', port: 80 },
        { name: 'b', port: 80, protocol: 'UDP' },
      ]),
    ),
    applyPatch(s('two'), service([{ name: 'c', port: 81 }])),
    applyPatch(s('two'), service([{ name: 'renamed', port: 80 }])),
    applyPatch(s('one'), service([{ name: 'a', port: 80, targetPort: 8080 }])),
    applyPatch(s('two'), service([])),
  ),
  scenario(
    'apply lists without keys',
    applyPatch(
      `${core('serviceaccounts', 'x')}?fieldManager=one`,
      sa([{ name: 'a' }, { name: 'b' }], { imagePullSecrets: [{ name: 'p' }] }),
    ),
    applyPatch(
      `${core('serviceaccounts', 'x')}?fieldManager=two`,
      sa([{ name: 'b' }, { name: 'c' }], { imagePullSecrets: [{ name: 'q' }] }),
    ),
    applyPatch(`${core('serviceaccounts', 'x')}?fieldManager=one`, sa([{ name: 'a' }])),
    applyPatch(
      `${at}?fieldManager=one`,
      map({ metadata: { name: 'a', finalizers: ['e.x/a', 'e.x/b'], labels: { a: '1' } } }),
    ),
    applyPatch(
      `${at}?fieldManager=two`,
      map({ metadata: { name: 'a', finalizers: ['e.x/c', 'e.x/b'], labels: { a: '2' } } }),
    ),
    applyPatch(
      `${at}?fieldManager=two`,
      map({ metadata: { name: 'a', finalizers: ['e.x/c', 'e.x/b'], annotations: { a: '2' } } }),
    ),
    applyPatch(`${at}?fieldManager=one`, map({ metadata: { name: 'a', finalizers: [] } })),
    applyPatch(
      `${at}?fieldManager=one`,
      map({ metadata: { name: 'a', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u1' }] } }),
    ),
    applyPatch(
      `${at}?fieldManager=two`,
      map({ metadata: { name: 'a', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u2' }] } }),
    ),
    applyPatch(`${at}?fieldManager=two`, map({ metadata: { name: 'a', finalizers: [] } })),
  ),
]
