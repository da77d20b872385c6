/** Random pods, patches and histories of applies: what Kubernetes and we must answer alike. Seeded, so that the same cases come again. */

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
  readonly steps: readonly ApplyStep[]
}

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
    applyCase: (): ApplyCase => ({
      steps: Array.from({ length: 4 }, () => ({
        op: chance(0.7) ? ('apply' as const) : ('update' as const),
        manager: pick(['one', 'two', 'three']),
        force: chance(0.5),
        object: pod(),
      })),
    }),
  }
}
