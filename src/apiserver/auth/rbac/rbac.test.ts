/** The index of rules equals the plain definition, whatever happens to roles and bindings; and nobody gives what they lack. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import '../../../../test/properties.ts'
import type { UnknownObject } from '../../../kube/object.ts'
import type { PolicyRule, RoleBinding } from '../../../kube/workloads.ts'
import { memoryStore } from '../../store/open-store.ts'
import type { Store } from '../../store/store.ts'
import type { Attributes } from '../attributes.ts'
import type { User } from '../user.ts'
import { ruleOf } from './bootstrap-roles.ts'
import { BINDINGS, ROLES } from './built-in-roles.ts'
import { covers } from './compiled-role.ts'
import { escalation, isCovered } from './escalation.ts'
import { RBAC_GROUP, RuleIndex } from './rule-index.ts'

/** The definition: every binding, every subject, every rule. */
function plainly(store: Store, user: User, attributes: Attributes): boolean {
  const namespace = attributes.kind === 'resource' ? attributes.namespace : undefined
  const list = (plural: string) => store.list({ resource: `${RBAC_GROUP}/${plural}` }).items as unknown as RoleBinding[]
  const inPlace = list('rolebindings').filter(b => namespace !== undefined && b.metadata.namespace === namespace)
  return [...list('clusterrolebindings'), ...inPlace].some(binding => {
    const place = binding.metadata.namespace ?? ''
    const speaks = (binding.subjects ?? []).some(({ kind, name, namespace: home = place }) =>
      kind === 'Group'
        ? user.groups.includes(name)
        : user.name === (kind === 'User' ? name : `system:serviceaccount:${home}:${name}`),
    )
    const { kind, name } = binding.roleRef
    const role = store.get({
      resource: `${RBAC_GROUP}/${kind.toLowerCase()}s`,
      namespace: kind === 'Role' ? place : '',
      name,
    }) as { rules?: PolicyRule[] } | undefined
    return speaks && (role?.rules ?? []).some(rule => covers(rule, attributes))
  })
}

const pick = (...texts: string[]) => fc.constantFrom(...texts)
const some = (...texts: string[]) => fc.subarray(texts, { minLength: 1 })
const rule: fc.Arbitrary<PolicyRule> = fc.oneof(
  fc.record(
    {
      verbs: some('get', 'list', '*', 'create'),
      apiGroups: some('', 'apps', '*'),
      resources: some('pods', 'pods/log', '*/log', '*', 'deployments'),
      resourceNames: fc.subarray(['a', 'b']),
    },
    { requiredKeys: ['verbs', 'apiGroups', 'resources'] },
  ),
  fc.record({ verbs: some('get', '*'), nonResourceURLs: some('*', '/api', '/api/*', '/healthz') }),
)
const attributes: fc.Arbitrary<Attributes> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('resource' as const),
      verb: pick('get', 'list', 'create', 'delete'),
      group: pick('', 'apps', 'batch'),
      resource: pick('pods', 'deployments', 'nodes'),
      subresource: pick('log', 'status'),
      namespace: pick('one', 'two'),
      name: pick('a', 'b', 'c'),
    },
    { requiredKeys: ['kind', 'verb', 'group', 'resource'] },
  ),
  fc.record({
    kind: fc.constant('path' as const),
    verb: pick('get', 'post'),
    path: pick('/api', '/api/v1', '/healthz'),
  }),
)
const subject = fc.oneof(
  fc.record({ kind: pick('User'), name: pick('eve', 'system:serviceaccount:one:robot') }),
  fc.record({ kind: pick('Group'), name: pick('crew', 'system:authenticated') }),
  fc.record(
    { kind: pick('ServiceAccount'), name: pick('robot'), namespace: pick('one', 'two') },
    { requiredKeys: ['kind', 'name'] },
  ),
)
const namespace = pick('', 'one', 'two')
const roleChange = fc.record({
  what: fc.constant('roles'),
  namespace,
  name: pick('r', 's'),
  rules: fc.array(rule, { maxLength: 4 }),
})
const bindingChange = fc.record({
  what: fc.constant('rolebindings'),
  namespace,
  name: pick('x', 'y', 'z'),
  roleRef: fc.record({ kind: pick('Role', 'ClusterRole'), name: pick('r', 's') }),
  subjects: fc.array(subject, { maxLength: 3 }),
})
const removal = fc.record({
  what: pick('roles', 'rolebindings'),
  namespace,
  name: pick('r', 's', 'x', 'y', 'z'),
  isGone: fc.constant(true),
})
const users: readonly User[] = [
  { name: 'eve', groups: ['crew', 'system:authenticated'] },
  { name: 'system:serviceaccount:one:robot', groups: ['system:authenticated'] },
  { name: 'system:serviceaccount:two:robot', groups: [] },
]

test('the index decides as the plain definition does, over random histories', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(fc.oneof(roleChange, bindingChange, removal), fc.array(attributes, { minLength: 1, maxLength: 4 })),
        { maxLength: 12 },
      ),
      async history => {
        const store = memoryStore()
        const index = new RuleIndex(store)
        for (const [{ what, namespace, name, ...content }, questions] of history) {
          const resource = `${RBAC_GROUP}/${namespace ? '' : 'cluster'}${what}`
          const object = {
            apiVersion: 'v1',
            kind: 'x',
            metadata: { name, ...(namespace && { namespace }) },
            ...content,
          }
          await store.write({ resource, namespace, name }, () =>
            'isGone' in content ? undefined : (object as unknown as UnknownObject),
          )
          for (const question of questions) {
            for (const user of users)
              expect(index.decide(user, question).isAllowed).toBe(plainly(store, user, question))
          }
        }
      },
    ),
    { numRuns: 300 },
  )
})

describe('a binding that leads nowhere', () => {
  test('is told to whom it would have helped', async () => {
    const store = memoryStore()
    const metadata = { name: 'b', namespace: 'one' }
    const roleRef = { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: 'gone' }
    const subjects = [{ kind: 'User', name: 'eve' }]
    const binding = {
      apiVersion: `${RBAC_GROUP}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef,
      subjects,
    } as UnknownObject
    await store.write({ resource: `${RBAC_GROUP}/rolebindings`, ...metadata }, () => binding)
    const question = { kind: 'resource', verb: 'list', group: '', resource: 'pods', namespace: 'one' } as const
    expect(new RuleIndex(store).decide(users[0]!, question)).toEqual({
      isAllowed: false,
      reason: 'rbac: RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
    })
  })
})

describe('handing out rights', () => {
  const eve = { name: 'eve', groups: ['crew', 'system:authenticated'] }
  const readPods: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }

  test('that one has is no escalation', () => {
    expect(escalation(eve, [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], [readPods])).toBeUndefined()
    expect(escalation(eve, [readPods], [{ ...readPods, resourceNames: ['a'] }])).toBeUndefined()
  })

  test("that one lacks is told in upstream's words", () => {
    const wanted = [
      { verbs: ['get', 'list', 'delete'], apiGroups: [''], resources: ['pods', 'pods/log'] },
      { verbs: ['get'], nonResourceURLs: ['/metrics'] },
      { verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['a', 'b'] },
    ]
    expect(escalation(eve, [readPods], wanted)).toBe(
      'user "eve" (groups=["crew" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}\n' +
        '{APIGroups:[""], Resources:["pods/log"], Verbs:["get" "list" "delete"]}\n' +
        '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["a"], Verbs:["get"]}\n' +
        '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["b"], Verbs:["get"]}\n' +
        '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
    )
  })

  test('what is covered is never allowed beyond what covers it', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 3 }), rule, attributes, (held, given, question) => {
        fc.pre(isCovered(held, given) && covers(given, question))
        expect(held.some(other => covers(other, question))).toBe(true)
      }),
    )
  })
})

test('every built-in binding leads to a built-in role', () => {
  const names = new Set(ROLES.map(({ name, namespace }) => `${namespace ? 'Role' : 'ClusterRole'} ${name}`))
  expect(BINDINGS.filter(({ role }) => !names.has(role))).toEqual([])
  expect(ruleOf("get list | '' apps | pods deployments/scale | a")).toEqual({
    verbs: ['get', 'list'],
    apiGroups: ['', 'apps'],
    resources: ['pods', 'deployments/scale'],
    resourceNames: ['a'],
  })
})
