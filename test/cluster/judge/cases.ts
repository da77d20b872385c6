/** Random pods, patches and histories of applies: what Kubernetes and we must answer alike. Seeded, so that the same cases come again. */

import type { StructuralSchema } from '../../../src/kube/schema.ts'

type Json = Record<string, unknown>

export interface PatchCase {
  readonly document: Json
  readonly patch: Json
}

export interface ApplyStep {
  readonly op: 'apply' | 'update'
  readonly manager: string
  readonly force: boolean
  readonly object: Json
}

export interface ApplyCase {
  /** Of the steps' objects, where they are no pods. */
  readonly schema?: StructuralSchema
  readonly steps: readonly ApplyStep[]
}

const text = { type: 'string' } as const
const number = { type: 'integer' } as const

/** A kind of ours with every way in which lists and maps are merged. */
const THING = {
  type: 'object',
  'x-kubernetes-group-version-kind': [{ group: 'judge.example', version: 'v1', kind: 'Thing' }],
  properties: {
    apiVersion: text,
    kind: text,
    metadata: {
      type: 'object',
      properties: { name: text, managedFields: { type: 'array', items: { type: 'object' } } },
    },
    spec: {
      type: 'object',
      properties: {
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
        numbers: { type: 'array', 'x-kubernetes-list-type': 'set', items: number },
        atomic: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: text },
        plain: { type: 'array', items: { type: 'object', properties: { name: text, value: text } } },
        byName: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: text,
              value: text,
              set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
              labels: { type: 'object', additionalProperties: text },
            },
          },
        },
        byTwo: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: {
            type: 'object',
            required: ['port'],
            properties: { port: number, protocol: { ...text, default: 'TCP' }, value: text },
          },
        },
        map: { type: 'object', additionalProperties: text },
        atomicMap: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: text },
        deep: { type: 'object', additionalProperties: { type: 'object', properties: { a: text, b: text } } },
      },
    },
  },
} as unknown as StructuralSchema

const NAMES = ['a', 'b', 'c', 'd']

export function caseMaker(random: () => number) {
  const chance = (p: number): boolean => random() < p
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const shuffled = <T>(items: readonly T[]): T[] =>
    items
      .map(item => [random(), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item)
  /** Never empty: Go's nil and empty are one thing and JSON's are two. */
  const some = <T>(items: readonly T[]): T[] => shuffled(items).slice(0, 1 + Math.floor(random() * items.length))
  const maybe = (p: number, fields: () => Json): Json => (chance(p) ? fields() : {})

  const container = (name: string): Json => ({
    name,
    ...maybe(0.6, () => ({ image: pick(['1', '2']) })),
    ...maybe(0.4, () => ({
      env: some(NAMES).map(each => ({ name: each, ...maybe(0.7, () => ({ value: pick(['1', '2']) })) })),
    })),
    ...maybe(0.3, () => ({ command: some(NAMES) })),
    ...maybe(0.3, () => ({
      ports: some([80, 81]).map(containerPort => ({
        containerPort,
        ...maybe(0.5, () => ({ protocol: 'TCP' })),
        ...maybe(0.5, () => ({ name: pick(NAMES) })),
      })),
    })),
    ...maybe(0.3, () => ({
      resources: { requests: Object.fromEntries(some(['cpu', 'memory']).map(each => [each, pick(['1', '2'])])) },
    })),
    ...maybe(0.3, () => ({
      livenessProbe: {
        httpGet: { path: pick(NAMES), port: pick([80, 81]) },
        ...maybe(0.5, () => ({ periodSeconds: pick([5, 10]) })),
      },
    })),
  })

  const pod = (): Json => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      ...maybe(0.4, () => ({ finalizers: some(NAMES) })),
      ...maybe(0.4, () => ({ labels: Object.fromEntries(some(NAMES).map(each => [each, pick(NAMES)])) })),
      ...maybe(0.2, () => ({
        ownerReferences: some(NAMES).map(uid => ({ apiVersion: 'v1', kind: 'X', name: uid, uid })),
      })),
    },
    spec: {
      hostname: pick(NAMES),
      ...maybe(0.8, () => ({ containers: some(NAMES).map(container) })),
      ...maybe(0.4, () => ({ tolerations: some(NAMES).map(key => ({ key })) })),
      ...maybe(0.4, () => ({ nodeSelector: Object.fromEntries(some(NAMES).map(each => [each, pick(NAMES)])) })),
      ...maybe(0.4, () => ({ nodeName: pick(NAMES) })),
      ...maybe(0.4, () => ({ volumes: some(NAMES).map(name => ({ name, configMap: { name: pick(NAMES) } })) })),
      ...maybe(0.3, () => ({ securityContext: { runAsUser: pick([1, 2]), ...maybe(0.5, () => ({ runAsGroup: 2 })) } })),
    },
  })

  const map = (value: () => unknown): Json => Object.fromEntries(some(NAMES).map(each => [each, value()]))
  const value = () => pick(['1', '2'])
  const thing = (): Json => ({
    apiVersion: 'judge.example/v1',
    kind: 'Thing',
    metadata: { name: 't' },
    spec: {
      ...maybe(0.4, () => ({ set: some(NAMES) })),
      ...maybe(0.3, () => ({ numbers: some([1, 2, 3]) })),
      ...maybe(0.3, () => ({ atomic: some(NAMES) })),
      ...maybe(0.3, () => ({ plain: some(NAMES).map(name => ({ name, ...maybe(0.5, () => ({ value: value() })) })) })),
      ...maybe(0.5, () => ({
        byName: some(NAMES).map(name => ({
          name,
          ...maybe(0.5, () => ({ value: value() })),
          ...maybe(0.4, () => ({ set: some(NAMES) })),
          ...maybe(0.4, () => ({ labels: map(value) })),
        })),
      })),
      ...maybe(0.4, () => ({
        byTwo: some([80, 81]).flatMap(port =>
          some(['TCP', 'UDP']).map(protocol => ({
            port,
            ...(protocol === 'TCP' && chance(0.5) ? {} : { protocol }),
            ...maybe(0.5, () => ({ value: value() })),
          })),
        ),
      })),
      ...maybe(0.4, () => ({ map: map(value) })),
      ...maybe(0.3, () => ({ atomicMap: map(value) })),
      ...maybe(0.3, () => ({ deep: map(() => ({ a: value(), ...maybe(0.5, () => ({ b: value() })) })) })),
    },
  })
  const steps = (object: () => Json): readonly ApplyStep[] =>
    Array.from({ length: 4 }, () => ({
      op: chance(0.7) ? ('apply' as const) : ('update' as const),
      manager: pick(['one', 'two', 'three']),
      force: chance(0.5),
      object: object(),
    }))

  /** A pod with directives and nulls strewn in. */
  const patch = (): Json => {
    const { metadata, spec } = pod() as { metadata: Json; spec: Json }
    const containers = (spec.containers ?? []) as Json[]
    // To set a value and to delete it at once has no meaning.
    const isUnset = (name: string): boolean => chance(0.5) && !((metadata.finalizers ?? []) as string[]).includes(name)
    return {
      metadata: {
        ...metadata,
        ...maybe(0.2, () => ({ '$deleteFromPrimitiveList/finalizers': ['e', ...NAMES.filter(isUnset)] })),
      },
      spec: {
        ...spec,
        ...maybe(0.3, () => ({ [pick(['nodeName', 'securityContext', 'tolerations', 'nodeSelector'])]: null })),
        ...(chance(0.3)
          ? { containers: containers.map(each => (chance(0.3) ? { name: each.name, $patch: 'delete' } : each)) }
          : { '$setElementOrder/containers': shuffledAround(containers.map(each => each.name as string)) }),
        ...maybe(0.3, () => ({
          volumes: some(NAMES).map(name => ({
            name,
            $retainKeys: ['name', 'emptyDir'],
            emptyDir: { medium: 'Memory' },
          })),
        })),
      },
    }
  }
  /** The patch's own order, with others in between. */
  const shuffledAround = (names: readonly string[]): Json[] => {
    const others = NAMES.filter(name => !names.includes(name) && chance(0.6))
    const order: string[] = []
    for (const left = [...names]; left.length + others.length > 0; ) {
      order.push((left.length > 0 && (others.length === 0 || chance(0.5)) ? left.shift() : others.shift())!)
    }
    return order.map(name => ({ name }))
  }

  return {
    patchCase: (): PatchCase => ({ document: pod(), patch: patch() }),
    applyCase: (): ApplyCase => ({ steps: steps(pod) }),
    thingCase: (): ApplyCase => ({ schema: THING, steps: steps(thing) }),
  }
}
