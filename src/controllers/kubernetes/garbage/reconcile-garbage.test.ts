import { expect, test } from 'vitest'
import type { KubeObject, OwnerReference } from '../../../kube/object.ts'
import { FOREGROUND, ORPHAN, type OwnerState, reconcileGarbage } from './reconcile-garbage.ts'

const owner = (uid: string, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: uid,
  uid,
  ...more,
})
const object = (metadata: KubeObject['metadata'] = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'it', namespace: 'n', uid: 'it', resourceVersion: '7', ...metadata },
})

const decide = (
  it: KubeObject,
  states: Record<string, OwnerState> = {},
  dependents: readonly KubeObject[] = [],
): readonly string[] =>
  reconcileGarbage({ object: it, dependents, stateOf: ({ uid }) => states[uid] ?? 'present' }).map(action => {
    if (action.kind === 'delete') return `delete ${action.policy}`
    if (action.kind !== 'patch') return action.kind
    const { ownerReferences, finalizers } = (action.patch as { metadata: KubeObject['metadata'] }).metadata
    return `patch ${action.ref.name} ${JSON.stringify(ownerReferences?.map(({ uid }) => uid) ?? finalizers ?? null)}`
  })

test.each<{
  what: string
  it: KubeObject
  states?: Record<string, OwnerState>
  dependents?: KubeObject[]
  actions: string[]
}>([
  { what: 'has no owners: it stays', it: object(), actions: [] },
  { what: 'has all its owners: it stays', it: object({ ownerReferences: [owner('a'), owner('b')] }), actions: [] },
  {
    what: 'lost one of two owners: it forgets that one',
    it: object({ ownerReferences: [owner('a'), owner('b')] }),
    states: { a: 'absent' },
    actions: ['patch it ["b"]'],
  },
  {
    what: 'lost all its owners: it goes',
    it: object({ ownerReferences: [owner('a'), owner('b')] }),
    states: { a: 'absent', b: 'absent' },
    actions: ['delete Background'],
  },
  {
    what: 'is waited for and has dependents of its own: these are waited for too',
    it: object({ ownerReferences: [owner('a')] }),
    states: { a: 'waits-for-dependents' },
    dependents: [object({ name: 'child' })],
    actions: ['delete Foreground'],
  },
  {
    what: 'is waited for by one that it waits for: it no longer blocks anybody (a circle)',
    it: object({ ownerReferences: [owner('a', { blockOwnerDeletion: true })] }),
    states: { a: 'waits-for-dependents' },
    dependents: [object({ name: 'child', uid: 'a', deletionTimestamp: 'now', finalizers: [FOREGROUND] })],
    actions: ['patch it ["a"]', 'delete Foreground'],
  },
  {
    what: 'is being deleted in the background: the server does the rest',
    it: object({ ownerReferences: [owner('a')], deletionTimestamp: 'now' }),
    states: { a: 'absent' },
    actions: [],
  },
  {
    what: 'waits for a dependent that blocks it',
    it: object({ deletionTimestamp: 'now', finalizers: [FOREGROUND] }),
    dependents: [object({ name: 'child', ownerReferences: [owner('it', { blockOwnerDeletion: true })] })],
    actions: [],
  },
  {
    what: 'waits for nobody that blocks it: it goes, and other finalizers stay',
    it: object({ deletionTimestamp: 'now', finalizers: ['other', FOREGROUND] }),
    dependents: [object({ name: 'child', ownerReferences: [owner('it')] })],
    actions: ['patch it ["other"]'],
  },
  {
    what: 'orphans its dependents, then goes',
    it: object({ deletionTimestamp: 'now', finalizers: [ORPHAN] }),
    dependents: [object({ name: 'child', ownerReferences: [owner('it'), owner('b')] })],
    actions: ['patch child ["b"]', 'patch it null'],
  },
])('an object that $what', ({ it, states, dependents, actions }) => {
  expect(decide(it, states, dependents)).toEqual(actions)
})
