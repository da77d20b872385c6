/** The three ways to patch: the examples of their documents, what kubectl sends, and properties. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { builtInSchema } from '../built-in-schema.ts'
import { ApiError } from '../status.ts'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch } from './merge-patch.ts'
import { applyStrategicMergePatch } from './strategic-merge.ts'

const refusal = (action: () => unknown): ApiError => {
  try {
    action()
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const json = fc.jsonValue({ maxDepth: 3 })

/** Freezes, so that a change of what was given would throw. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

describe('JSON patch (RFC 6902, appendix A)', () => {
  test.each([
    ['adds a field', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
    ['adds an item', { foo: [1, 3] }, [{ op: 'add', path: '/foo/1', value: 2 }], { foo: [1, 2, 3] }],
    ['removes a field', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    ['removes an item', { foo: [1, 2, 3] }, [{ op: 'remove', path: '/foo/1' }], { foo: [1, 3] }],
    ['replaces', { a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: null }], { a: { b: null } }],
    ['moves a value', { a: { x: 1 }, b: {} }, [{ op: 'move', from: '/a/x', path: '/b/y' }], { a: {}, b: { y: 1 } }],
    ['moves an item', [1, 2, 3, 4], [{ op: 'move', from: '/1', path: '/3' }], [1, 3, 4, 2]],
    ['copies', { a: [1] }, [{ op: 'copy', from: '/a', path: '/b' }], { a: [1], b: [1] }],
    ['tests', { a: [1, { b: 2 }] }, [{ op: 'test', path: '/a/1', value: { b: 2 } }], { a: [1, { b: 2 }] }],
    ['appends with -', { a: [1] }, [{ op: 'add', path: '/a/-', value: [2] }], { a: [1, [2]] }],
    [
      'unescapes ~01 and ~1',
      { '~1': 1, 'a/b': 2 },
      [
        { op: 'test', path: '/~01', value: 1 },
        { op: 'remove', path: '/a~1b' },
      ],
      { '~1': 1 },
    ],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: [] }], []],
    ['takes __proto__ as a name', {}, [{ op: 'add', path: '/__proto__', value: 1 }], JSON.parse('{"__proto__":1}')],
  ])('%s', (_, document, patch, expected) => {
    expect(applyJsonPatch(frozen(document), frozen(patch))).toStrictEqual(expected)
  })

  test.each([
    { op: 'add', path: '/a/b', value: 1 },
    { op: 'remove', path: '/x' },
    { op: 'replace', path: '/list/2', value: 1 },
    { op: 'add', path: '/list/3', value: 1 },
    { op: 'add', path: '/list/01', value: 1 },
    { op: 'add', path: '/toString/x', value: 1 },
    { op: 'move', from: '/list', path: '/list/0' },
    { op: 'test', path: '/list', value: [1] },
    { op: 'frob', path: '/a' },
    { op: 'add', path: '/a' },
    { op: 'remove', path: 'a' },
  ])('%j is refused, as upstream without a word of which operation it was', operation => {
    const error = refusal(() => applyJsonPatch({ list: [1, 2] }, [operation]))
    expect([error.code, error.message]).toEqual([422, 'the server rejected our request due to an error in our request'])
  })

  test('to replace what is not there adds it, and what is not there tests as null', () => {
    const operations = [
      { op: 'test', path: '/a', value: null },
      { op: 'replace', path: '/a', value: 1 },
    ]
    expect(applyJsonPatch({}, operations)).toEqual({ a: 1 })
  })

  test('what is no list, or one of more than 10,000 operations, is refused', () => {
    expect(refusal(() => applyJsonPatch({}, { op: 'test' })).code).toBe(400)
    const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: {} }))
    expect(refusal(() => applyJsonPatch({}, many)).code).toBe(413)
    expect(applyJsonPatch({}, many.slice(1))).toEqual({})
  })

  test('what an operation does not touch is shared', () => {
    const document = { metadata: { name: 'a' }, spec: { replicas: 1 } }
    const patched = applyJsonPatch(document, [{ op: 'replace', path: '/spec/replicas', value: 2 }]) as typeof document
    expect(patched.metadata).toBe(document.metadata)
  })
})

describe('merge patch (RFC 7386, appendix A)', () => {
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j and %j make %j', (document, patch, expected) => {
    expect(applyMergePatch(frozen(document), frozen(patch))).toStrictEqual(expected)
  })

  test('patching twice is patching once', () => {
    fc.assert(
      fc.property(json, json, (document, patch) => {
        const once = applyMergePatch(frozen(document), frozen(patch))
        expect(applyMergePatch(once, patch)).toStrictEqual(once)
      }),
    )
  })
})

describe('strategic merge patch', () => {
  const pod = builtInSchema('v1', 'Pod')!
  const strategic = (document: unknown, patch: unknown, schema = pod): unknown =>
    applyStrategicMergePatch(frozen(document), frozen(patch), schema)
  const spec = (document: object, patch: object): unknown =>
    (strategic({ spec: document }, { spec: patch }) as { spec: unknown }).spec
  const containers = (document: unknown[], patch: unknown[], more: object = {}): unknown =>
    (spec({ containers: document }, { containers: patch, ...more }) as { containers: unknown }).containers

  const [a, b, c] = [
    { name: 'a', image: '1' },
    { name: 'b', image: '1' },
    { name: 'c', image: '1' },
  ]

  test('containers merge by name; new ones come behind', () => {
    expect(containers([a, b], [{ name: 'b', image: '2' }, { name: 'd' }])).toEqual([
      a,
      { name: 'b', image: '2' },
      { name: 'd' },
    ])
  })

  test('lists within list items merge by their own keys', () => {
    const before = [
      { name: 'a', env: [{ name: 'X', value: '1' }], ports: [{ containerPort: 80, name: 'http' }], args: ['x'] },
    ]
    const patch = [
      { name: 'a', env: [{ name: 'Y', value: '2' }], ports: [{ containerPort: 80, protocol: 'TCP' }], args: ['y'] },
    ]
    expect(containers(before, patch)).toEqual([
      {
        name: 'a',
        // The patch's items first, the server's keep no place before what they never stood before.
        env: [
          { name: 'Y', value: '2' },
          { name: 'X', value: '1' },
        ],
        ports: [{ containerPort: 80, name: 'http', protocol: 'TCP' }],
        args: ['y'],
      },
    ])
  })

  test('$patch: delete takes an item out, $patch: replace puts a list in place of the old', () => {
    expect(containers([a, b], [{ $patch: 'delete', name: 'a' }])).toEqual([b])
    expect(containers([a, b], [{ $patch: 'replace' }, c])).toEqual([c])
    expect(
      spec({ securityContext: { runAsUser: 1 } }, { securityContext: { $patch: 'replace', runAsGroup: 2 } }),
    ).toEqual({ securityContext: { runAsGroup: 2 } })
    expect(spec({ securityContext: { runAsUser: 1 } }, { securityContext: { $patch: 'delete' } })).toEqual({
      securityContext: {},
    })
    expect(spec({ x: { y: 1 } }, { x: { $patch: 'merge', z: 2 } })).toEqual({ x: { y: 1, z: 2 } })
  })

  test('$setElementOrder orders what the patch knows; others keep their place among them', () => {
    const order = (...names: string[]) => ({ '$setElementOrder/containers': names.map(name => ({ name })) })
    expect(spec({ containers: [a, b, c] }, order('c', 'b', 'a'))).toEqual({ containers: [c, b, a] })
    expect(containers([a, b, c], [{ name: 'd' }], order('c', 'd', 'a'))).toEqual([b, c, { name: 'd' }, a])
    expect(containers([a, b], [{ $patch: 'delete', name: 'a' }], order('b'))).toEqual([b])
  })

  test('$retainKeys drops the fields that it does not name, as when a volume changes its kind', () => {
    const volumes = { volumes: [{ name: 'v', emptyDir: {} }] }
    const patch = { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] }
    expect(spec(volumes, patch)).toEqual({ volumes: [{ name: 'v', configMap: { name: 'c' } }] })
  })

  test('finalizers are a list of primitives that grows, and shrinks by $deleteFromPrimitiveList', () => {
    const document = { metadata: { finalizers: ['a', 'b'] } }
    expect(strategic(document, { metadata: { finalizers: ['c', 'a'] } })).toEqual({
      metadata: { finalizers: ['c', 'a', 'b'] },
    })
    expect(
      strategic(document, {
        metadata: { '$deleteFromPrimitiveList/finalizers': ['a'], '$setElementOrder/finalizers': ['b'] },
      }),
    ).toEqual({ metadata: { finalizers: ['b'] } })
  })

  test('owners merge by uid, conditions by type, tolerations as a whole', () => {
    const owner = (uid: string, more: object = {}) => ({ uid, name: uid, ...more })
    expect(
      strategic(
        { metadata: { ownerReferences: [owner('1')] }, status: { conditions: [{ type: 'Ready', status: 'False' }] } },
        {
          metadata: { ownerReferences: [owner('1', { controller: true }), owner('2')] },
          status: { conditions: [{ type: 'Ready', status: 'True' }] },
        },
      ),
    ).toEqual({
      metadata: { ownerReferences: [owner('1', { controller: true }), owner('2')] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    })
    expect(spec({ tolerations: [{ key: 'a' }] }, { tolerations: [{ key: 'b' }] })).toEqual({
      tolerations: [{ key: 'b' }],
    })
  })

  test('null removes; where nothing is, neither null nor a directive is stored', () => {
    expect(spec({ nodeName: 'n' }, { nodeName: null, hostname: null })).toEqual({})
    expect(
      spec(
        {},
        { containers: [{ name: 'a', image: null, env: [{ $patch: 'delete', name: 'X' }] }], x: { $patch: 'delete' } },
      ),
    ).toEqual({ containers: [{ name: 'a', env: [] }] })
  })

  test.each([
    [{ spec: { containers: [{ image: 'x' }] } }, 'an item has no name, by which its list is merged'],
    [{ spec: { containers: [{ name: 'a', $patch: 'frob' }] } }, '$patch in a list is "frob"'],
    [{ spec: { $patch: 'frob' } }, '$patch is "frob"'],
    [{ spec: { $retainKeys: ['a'], b: 1 } }, 'it sets "b", which its $retainKeys leaves out'],
    [{ spec: { '$setElementOrder/containers': [], containers: [a] } }, 'leaves out "a", which it sets'],
    [{ spec: { '$deleteFromPrimitiveList/x': 1 } }, '$deleteFromPrimitiveList/x is no list'],
    [[], 'it is no object'],
  ])('%j is refused: %s', (patch, message) => {
    const error = refusal(() => strategic({ spec: { containers: [b] } }, patch))
    expect([error.code, error.message]).toEqual([400, expect.stringContaining(message)])
  })

  test('without directives, patching twice is patching once', () => {
    const item = fc.record({ name: fc.constantFrom('a', 'b', 'c'), image: fc.constantFrom('1', '2') })
    const list = fc.uniqueArray(item, { selector: each => each.name })
    fc.assert(
      fc.property(list, list, (document, patch) => {
        const once = containers(document, patch) as unknown[]
        expect(containers(once, patch)).toEqual(once)
        for (const change of patch) expect(once).toContainEqual(change)
        expect(new Set(once.map(each => (each as { name: string }).name)).size).toBe(once.length)
      }),
    )
  })
})
