/** Server-side apply as its users meet it, and as algebra. Schemas are the built-in ones, and a custom one. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { builtInSchema } from '../built-in-schema.ts'
import { isSame } from '../equal.ts'
import type { UnknownObject } from '../object.ts'
import type { StructuralSchema } from '../schema.ts'
import { applyConflict } from './conflict.ts'
import { pathsOf } from './field-set.ts'
import { fieldsOf } from './fields-of.ts'
import { readManagers } from './managed-fields.ts'
import { recordUpdate } from './record-update.ts'
import { serverSideApply } from './server-side-apply.ts'

const POD = builtInSchema('v1', 'Pod')!
const DEPLOYMENT = builtInSchema('apps/v1', 'Deployment')!
const CONFIG_MAP = builtInSchema('v1', 'ConfigMap')!

const pod = (spec: object, metadata: object = {}): UnknownObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...metadata },
  spec,
})
const deployment = (spec: object): UnknownObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec,
})
const configMap = (data: Record<string, string>, metadata: object = {}): UnknownObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', ...metadata },
  data,
})

/** Freezes, so that a change of what was given would throw. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

interface How {
  readonly force?: boolean
  readonly schema?: StructuralSchema
  readonly now?: number
}

const outcome = (live: UnknownObject | undefined, applied: UnknownObject, manager: string, how: How = {}) =>
  serverSideApply({ live: frozen(live), applied: frozen(applied), manager, schema: POD, now: 0, ...how })

function apply(live: UnknownObject | undefined, applied: UnknownObject, manager: string, how: How = {}): UnknownObject {
  const result = outcome(live, applied, manager, how)
  if (result.kind === 'conflicts') throw applyConflict(result.conflicts)
  return result.object
}

const update = (before: UnknownObject | undefined, after: UnknownObject, manager: string, schema = POD, now = 0) =>
  recordUpdate({ before: frozen(before), after: frozen(after), manager, schema, now })

const withoutManagers = (object: UnknownObject): UnknownObject => {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** `solvent Apply: .spec.nodeName` a line. */
const claims = (object: UnknownObject): readonly string[] =>
  readManagers(object).map(each => `${each.manager} ${each.operation}: ${pathsOf(each.fields).join(' ')}`)

describe('fields of a value', () => {
  test('are leaves, items and keys of maps; atomic lists and maps are one', () => {
    const applied = pod(
      {
        nodeName: 'n',
        nodeSelector: { a: 'b' },
        tolerations: [{ key: 'x' }],
        volumes: [{ name: 'v', emptyDir: {} }],
        containers: [
          { name: 'a', ports: [{ containerPort: 80 }], command: ['x'], resources: { limits: { cpu: '1' } } },
        ],
      },
      { labels: { app: 'web' }, finalizers: ['f'] },
    )
    expect(pathsOf(fieldsOf(applied, POD))).toEqual([
      '.apiVersion',
      '.kind',
      '.metadata.name',
      '.metadata.labels.app',
      '.metadata.finalizers[="f"]',
      '.spec.nodeName',
      '.spec.nodeSelector',
      '.spec.tolerations',
      '.spec.volumes[name="v"]',
      '.spec.volumes[name="v"].name',
      '.spec.volumes[name="v"].emptyDir',
      '.spec.containers[name="a"]',
      '.spec.containers[name="a"].name',
      '.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"]',
      '.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].containerPort',
      '.spec.containers[name="a"].command',
      '.spec.containers[name="a"].resources.limits.cpu',
    ])
  })

  test('an item without the key of its list is known by the key’s default', () => {
    const { metadata } = apply(undefined, pod({ containers: [{ image: 'x' }] }), 'a')
    expect(JSON.stringify(metadata.managedFields)).toContain('k:{\\"name\\":\\"\\"}')
  })
})

describe('apply', () => {
  test('creates, and writes down who manages what as fieldsV1', () => {
    const created = apply(
      undefined,
      pod({ containers: [{ name: 'a', image: '1' }] }, { labels: { app: 'web' } }),
      'kubectl',
    )
    expect(created.metadata.managedFields).toEqual([
      {
        manager: 'kubectl',
        operation: 'Apply',
        apiVersion: 'v1',
        time: '1970-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { 'f:app': {} } },
          'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:image': {} } } },
        },
      },
    ])
  })

  test('twice changes nothing the second time, at whatever hour', () => {
    const applied = pod({ containers: [{ name: 'a', image: '1' }] }, { labels: { app: 'web' } })
    const live = apply(undefined, applied, 'kubectl')
    expect(apply(live, applied, 'kubectl', { now: 86_400_000 })).toBe(live)
  })

  test('two managers own different containers, and different fields of one', () => {
    let live = apply(undefined, pod({ containers: [{ name: 'a', image: '1' }] }), 'team')
    live = apply(
      live,
      pod({
        containers: [
          { name: 'sidecar', image: '9' },
          { name: 'a', workingDir: '/x' },
        ],
      }),
      'mesh',
    )
    expect(live.spec).toEqual({
      containers: [
        { name: 'sidecar', image: '9' },
        { name: 'a', image: '1', workingDir: '/x' },
      ],
    })
    live = apply(live, pod({ containers: [{ name: 'a', image: '2' }] }), 'team')
    expect(live.spec).toMatchObject({ containers: [{ name: 'sidecar' }, { name: 'a', image: '2', workingDir: '/x' }] })
    live = apply(live, pod({}), 'mesh')
    expect(live.spec).toEqual({ containers: [{ name: 'a', image: '2' }] })
    expect(claims(live)).toEqual([
      'mesh Apply: .spec',
      'team Apply: .spec.containers[name="a"] .spec.containers[name="a"].name .spec.containers[name="a"].image',
    ])
  })

  test('another value is a conflict that names manager and field; force takes the field over', () => {
    const live = apply(undefined, deployment({ replicas: 1, paused: true }), 'one', { schema: DEPLOYMENT })
    const other = deployment({ replicas: 2 })
    const result = outcome(live, other, 'two', { schema: DEPLOYMENT })
    expect(result.kind === 'conflicts' && applyConflict(result.conflicts).status).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
      details: {
        causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.replicas' }],
      },
    })
    const forced = apply(live, other, 'two', { schema: DEPLOYMENT, force: true })
    expect(claims(forced)).toEqual(['one Apply: .spec.paused', 'two Apply: .spec.replicas'])
  })

  test('several conflicts are listed by manager', () => {
    const live = update(
      apply(undefined, configMap({ a: '1' }), 'one', { schema: CONFIG_MAP }),
      configMap({ a: '1', b: '1' }),
      'two',
      CONFIG_MAP,
    )
    expect(() => apply(live, configMap({ a: '2', b: '2' }), 'three', { schema: CONFIG_MAP })).toThrow(
      'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\nconflicts with "two" using v1:\n- .data.b',
    )
  })

  test('the same value is shared, and stays until the last owner lets go', () => {
    const schema = CONFIG_MAP
    let live = apply(undefined, configMap({ a: '1' }), 'one', { schema })
    live = apply(live, configMap({ a: '1' }), 'two', { schema })
    live = apply(live, configMap({}), 'one', { schema })
    expect([live.data, claims(live)]).toEqual([{ a: '1' }, ['two Apply: .data.a', 'one Apply: .data']])
    live = apply(live, configMap({ b: '1' }), 'two', { schema })
    expect(live.data).toEqual({ b: '1' })
  })

  test('what is no longer applied goes, with the defaults that grew in it; what others wrote stays', () => {
    let live = apply(
      undefined,
      pod({ containers: [{ name: 'a', livenessProbe: { httpGet: { path: '/', port: 80 } } }] }),
      'one',
    )
    const probe = { httpGet: { path: '/', port: 80, scheme: 'HTTP' }, periodSeconds: 10 }
    // Defaults are nobody's: they come in without an update of managers.
    live = { ...live, spec: { containers: [{ name: 'a', livenessProbe: probe }] } }
    expect(apply(live, pod({ containers: [{ name: 'a' }] }), 'one').spec).toEqual({ containers: [{ name: 'a' }] })
    const owned = update(
      live,
      { ...live, spec: { containers: [{ name: 'a', livenessProbe: { ...probe, periodSeconds: 5 } }] } },
      'two',
    )
    expect(apply(owned, pod({ containers: [{ name: 'a' }] }), 'one').spec).toEqual({
      containers: [{ name: 'a', livenessProbe: { periodSeconds: 5 } }],
    })
  })

  test("identity is nobody's and stays when all labels go", () => {
    const schema = CONFIG_MAP
    const created = apply(undefined, configMap({}, { labels: { a: 'b' } }), 'one', { schema })
    const live = { ...created, metadata: { ...created.metadata, uid: 'u', creationTimestamp: 't' } }
    const after = apply(live, configMap({}), 'one', { schema })
    expect(withoutManagers(after).metadata).toEqual({ name: 'c', uid: 'u', creationTimestamp: 't' })
  })

  test('finalizers are a set: each owner adds and removes its own', () => {
    const [a, b] = [pod({}, { finalizers: ['a'] }), pod({}, { finalizers: ['b'] })]
    const both = apply(apply(undefined, a, 'one'), b, 'two')
    expect(both.metadata.finalizers).toEqual(['a', 'b'])
    expect(apply(both, pod({}), 'one').metadata.finalizers).toEqual(['b'])
  })

  test('shared items take the applied order, others keep their place', () => {
    const named = (...names: string[]) => pod({ containers: names.map(name => ({ name })) })
    const order = (object: UnknownObject) =>
      (object.spec as { containers: { name: string }[] }).containers.map(c => c.name).join('')
    const live = apply(undefined, named('a', 'b', 'c'), 'one')
    expect(order(apply(live, named('c', 'x', 'a'), 'two'))).toBe('bcxa')
    expect(order(apply(live, named('x', 'b'), 'two'))).toBe('axbc')
  })

  test('a quantity written in another way is no change', () => {
    const requests = (cpu: string) => pod({ containers: [{ name: 'a', resources: { requests: { cpu } } }] })
    const live = apply(undefined, requests('1'), 'one')
    expect(apply(live, requests('1000m'), 'one')).toBe(live)
    expect(outcome(live, requests('1000m'), 'two').kind).toBe('applied')
  })

  test('status is managed apart under its subresource', () => {
    const live = apply(undefined, pod({ nodeName: 'n' }), 'one')
    const status = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, status: { phase: 'Running' } }
    const result = serverSideApply({
      live,
      applied: status,
      manager: 'one',
      subresource: 'status',
      schema: POD,
      now: 0,
    })
    expect(result.kind === 'applied' && result.object).toMatchObject({
      spec: { nodeName: 'n' },
      status: { phase: 'Running' },
    })
    expect(result.kind === 'applied' && readManagers(result.object).map(each => each.subresource)).toEqual([
      '',
      'status',
    ])
  })

  test('an object that brings managedFields is refused', () => {
    const live = apply(undefined, pod({ nodeName: 'n' }), 'one')
    expect(() => apply(undefined, live, 'one')).toThrow('metadata.managedFields must be nil')
  })

  test('custom resources follow their own schema; without one, lists are leaves', () => {
    const schema: StructuralSchema = {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: {
            items: {
              type: 'array',
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['id'],
              items: { type: 'object', properties: { id: { type: 'integer' }, value: { type: 'string' } } },
            },
            plain: { type: 'array', items: { type: 'string' } },
          },
        },
      },
    }
    const resource = (spec: object): UnknownObject => ({
      apiVersion: 'x.dev/v1',
      kind: 'X',
      metadata: { name: 'x' },
      spec,
    })
    const one = resource({ items: [{ id: 1, value: 'a' }] })
    const two = resource({ items: [{ id: 2 }], plain: ['p'] })
    expect(apply(apply(undefined, one, 'one', { schema }), two, 'two', { schema }).spec).toEqual({
      items: [{ id: 1, value: 'a' }, { id: 2 }],
      plain: ['p'],
    })
    const untyped = serverSideApply({
      live: apply(undefined, one, 'one', { schema: {} }),
      applied: two,
      manager: 'two',
      now: 0,
    })
    expect(untyped.kind === 'conflicts' && untyped.conflicts.map(each => each.path)).toEqual(['.spec.items'])
  })
})

describe('update', () => {
  test('the writer owns what it created, and later what it changed; whoever owned that loses it', () => {
    const created = update(undefined, configMap({ a: '1', b: '1' }), 'one', CONFIG_MAP)
    expect(claims(created)).toEqual(['one Update: .data .data.a .data.b'])
    const changed = update(created, { ...created, data: { a: '2', c: '1' } }, 'two', CONFIG_MAP, 1000)
    expect(claims(changed)).toEqual(['one Update: .data', 'two Update: .data.c .data.a'])
  })

  test('a write that changes nothing gives back what was there', () => {
    const live = update(undefined, configMap({ a: '1' }), 'one', CONFIG_MAP)
    const again = { ...live, metadata: { ...live.metadata, resourceVersion: '7' }, data: { a: '1' } }
    expect(update(live, again, 'two', CONFIG_MAP)).toBe(live)
    expect(update(live, configMap({ a: '1' }), 'two', CONFIG_MAP)).toBe(live)
  })

  test('an applier that meets an update conflicts, by version of the API', () => {
    const live = update(
      apply(undefined, configMap({ a: '1' }), 'one', { schema: CONFIG_MAP }),
      configMap({ a: '2' }),
      'kubectl-edit',
      CONFIG_MAP,
    )
    expect(() => apply(live, configMap({ a: '1' }), 'one', { schema: CONFIG_MAP })).toThrow(
      'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.a',
    )
  })

  test('one empty entry resets all managers', () => {
    const live = update(undefined, configMap({ a: '1' }), 'one', CONFIG_MAP)
    const reset = { ...live, metadata: { ...live.metadata, managedFields: [{}] } } as unknown as UnknownObject
    expect(update(live, reset, 'two', CONFIG_MAP).metadata.managedFields).toBeUndefined()
  })

  test('programs beyond the tenth are summed up', () => {
    let live = update(undefined, configMap({}), 'creator', CONFIG_MAP)
    for (let i = 0; i < 20; i++) {
      live = update(
        live,
        { ...live, data: { ...(live.data as object), [`k${i}`]: 'v' } },
        `m${i}`,
        CONFIG_MAP,
        i * 1000,
      )
    }
    const managers = readManagers(live)
    expect(managers).toHaveLength(10)
    expect(managers.flatMap(each => pathsOf(each.fields)).filter(path => path.startsWith('.data.k'))).toHaveLength(20)
    expect(managers.map(each => each.manager)).toContain('ancient-changes')
  })
})

describe('over random objects', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const list = <T extends { name: string }>(item: fc.Arbitrary<T>) =>
    fc.uniqueArray(item, { selector: each => each.name, maxLength: 3 })
  const container = fc.record(
    {
      name,
      image: fc.constantFrom('1', '2'),
      command: fc.array(name, { maxLength: 2 }),
      env: list(fc.record({ name, value: fc.constantFrom('1', '2') }, { requiredKeys: ['name'] })),
      resources: fc.record(
        { requests: fc.record({ cpu: fc.constantFrom('1', '2') }, { requiredKeys: [] }) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['name'] },
  )
  const anyPod = fc
    .record(
      {
        spec: fc.record(
          { nodeName: name, containers: list(container), nodeSelector: fc.dictionary(name, name, { maxKeys: 2 }) },
          { requiredKeys: [] },
        ),
        labels: fc.dictionary(name, name, { maxKeys: 2 }),
        finalizers: fc.uniqueArray(name, { maxLength: 2 }),
      },
      { requiredKeys: ['spec'] },
    )
    .map(({ spec, ...metadata }) => pod(spec, metadata))

  /** Equal but for order of items and for objects and lists that hold nothing. */
  const content = (object: UnknownObject): readonly string[] =>
    pathsOf(fieldsOf(withoutManagers(object), POD))
      .filter(path => !/\.(spec|labels|nodeSelector|resources|requests|env)$/.test(path))
      .sort()

  test('applying twice is applying once', () => {
    fc.assert(
      fc.property(anyPod, anyPod, (first, second) => {
        const live = apply(apply(undefined, first, 'one'), second, 'two', { force: true })
        expect(apply(live, second, 'two')).toBe(live)
      }),
    )
  })

  test('a lone manager gets what it applied last, whatever it applied before', () => {
    fc.assert(
      fc.property(fc.array(anyPod, { minLength: 1, maxLength: 4 }), history => {
        // What claims nothing (a lone empty list, as upstream sees it) leaves no manager behind, and the next one finds a stranger's object.
        fc.pre(history.every(each => apply(undefined, each, 'one').metadata.managedFields !== undefined))
        const live = history.reduce<UnknownObject | undefined>((before, each) => apply(before, each, 'one'), undefined)!
        const fresh = apply(undefined, history.at(-1)!, 'one')
        expect(content(live)).toEqual(content(fresh))
        expect(claims(live)).toEqual(claims(fresh))
      }),
    )
  })

  test('whoever forces gets every field, and nobody else is left with a claim on another value', () => {
    fc.assert(
      fc.property(anyPod, anyPod, anyPod, (first, second, third) => {
        let live = apply(undefined, first, 'one')
        live = update(live, { ...live, spec: second.spec }, 'two')
        const before = live
        live = apply(live, third, 'three', { force: true })
        // Laying it on once more finds nothing to change, and so nothing to conflict about.
        expect(outcome(live, third, 'three')).toEqual({ kind: 'applied', object: live })
        expect(outcome(live, third, 'four').kind).toBe('applied')
        const conflicts = outcome(before, third, 'three')
        if (conflicts.kind === 'applied') expect(isSame(conflicts.object, live)).toBe(true)
      }),
    )
  })

  test('a manager that lets go of all leaves what others hold as it was', () => {
    fc.assert(
      fc.property(anyPod, anyPod, (first, second) => {
        const alone = apply(undefined, first, 'one')
        const both = outcome(alone, second, 'two')
        if (both.kind === 'conflicts') return
        const after = apply(both.object, pod({}), 'two')
        expect(content(after)).toEqual(content(alone))
      }),
    )
  })
})
