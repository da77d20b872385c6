import { describe, expect, test } from 'vitest'
import { EMBEDDED } from '../../compiler/capabilities.ts'
import { compile } from '../../compiler/compile.ts'
import type { ConfigMap, Pod, Service } from '../../kube/core.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { Deployment, ReplicaSet } from '../../kube/workloads.ts'
import type { Server, ServerSpec } from '../../spec/kinds.ts'
import type { Action } from '../runtime/action.ts'
import { reconcileServer, type ServerObserved } from './reconcile-server.ts'
import { withTemplateName } from './server-canary.ts'
import { urlOf } from './server-status.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

const serverOf = (spec: Partial<ServerSpec> = {}, more: Partial<Server> = {}): Server => ({
  apiVersion: 'solvent.dev/v1alpha1',
  kind: 'Server',
  metadata: { name: 'api', namespace: 'n', uid: 'server-uid', generation: 1, resourceVersion: '1' },
  spec: { run: { command: ['node', 'server.js'], port: 8080, workingDir: '/app' }, ...spec },
  ...more,
})

function compiledOf(server: Server): readonly KubeObject[] {
  const result = compile(server, undefined, EMBEDDED)
  if (!result.ok) throw new Error('does not compile')
  return result.value.map(object => (object.kind === 'Deployment' ? withTemplateName(object as Deployment) : object))
}

/** As it stands once all of its copies are there. */
function settled(deployment: Deployment, replicas = deployment.spec.replicas ?? 1): Deployment {
  const since = new Date(NOW).toISOString()
  return {
    ...deployment,
    metadata: { ...deployment.metadata, uid: `${deployment.metadata.name}-uid`, generation: 1 },
    spec: { ...deployment.spec, replicas },
    status: {
      observedGeneration: 1,
      replicas,
      updatedReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
      conditions: [{ type: 'Available', status: 'True', lastTransitionTime: since }],
    },
  }
}

const deploymentOf = (server: Server): Deployment =>
  compiledOf(server).find(({ kind }) => kind === 'Deployment') as Deployment

function observed(server: Server, more: Partial<ServerObserved> = {}): ServerObserved {
  return {
    server,
    prepared: { kind: 'compiled', objects: compiledOf(server) },
    capabilities: EMBEDDED,
    children: { missing: [], leftover: [], foreign: [] },
    belongings: { objects: [], configMaps: [], revisions: [] },
    deployment: undefined,
    canary: undefined,
    canaryPods: [],
    service: undefined,
    code: undefined,
    usage: undefined,
    ...more,
  }
}

const told = (actions: readonly Action[]): readonly string[] =>
  actions.map(action => {
    if (action.kind === 'apply') return `apply ${action.object.kind} ${action.object.metadata.name}`
    if (action.kind === 'delete') return `delete ${action.ref.kind} ${action.ref.name}`
    if (action.kind === 'event') return `event ${action.reason}`
    return action.kind === 'wake' ? `wake ${action.afterMs}` : action.kind
  })

/** The server with the status that its last reconciliation wrote. */
function afterStatus(server: Server, actions: readonly Action[]): Server {
  const patch = actions.find(action => action.kind === 'patch' && action.subresource === 'status')
  const { status } = (patch?.kind === 'patch' ? patch.patch : {}) as { readonly status?: object }
  return { ...server, status: { ...server.status, ...status } }
}

const observedTwice = (server: Server, more: Partial<ServerObserved>): Server =>
  afterStatus(server, reconcileServer(observed(server, more), NOW))

describe('applying', () => {
  test('a new declaration is applied whole, in order, and what was made by hand gives way', () => {
    const actions = reconcileServer(observed(serverOf({ config: { A: '1' }, replicas: { min: 2, max: 4 } })), NOW)
    expect(told(actions).slice(0, 5)).toEqual([
      expect.stringMatching(/^apply ConfigMap api-config-/),
      'apply Service api',
      'apply Deployment api',
      'apply HorizontalPodAutoscaler api',
      'apply PodDisruptionBudget api',
    ])
    expect(
      actions.filter(({ kind }) => kind === 'apply').every(action => action.kind === 'apply' && action.force),
    ).toBe(true)
  })

  test('a settled server gives no actions', () => {
    const server = serverOf({ replicas: { min: 2, max: 2 } })
    const deployment = settled(deploymentOf(server))
    expect(reconcileServer(observed(observedTwice(server, { deployment }), { deployment }), NOW)).toEqual([])
  })

  test('what somebody took away comes back, and only that', () => {
    const server = serverOf()
    const deployment = settled(deploymentOf(server))
    const service = compiledOf(server).find(({ kind }) => kind === 'Service')!
    const children = { missing: [service], leftover: [], foreign: [] }
    const actions = reconcileServer(observed(observedTwice(server, { deployment }), { deployment, children }), NOW)
    expect(told(actions)).toEqual(['apply Service api'])
  })

  test('the number of copies stays what it is when an autoscaler takes it over', () => {
    const fixed = settled(deploymentOf(serverOf({ replicas: { min: 5, max: 5 } })))
    const actions = reconcileServer(observed(serverOf({ replicas: { min: 2, max: 9 } }), { deployment: fixed }), NOW)
    const claim = actions.find(action => action.kind === 'apply' && action.manager === 'solvent-scale')
    expect(claim).toMatchObject({ object: { kind: 'Deployment', spec: { replicas: 5 } }, force: true })
  })

  test('a name that is taken by somebody else is said, and nothing is applied', () => {
    const foreign: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'api' } }
    const actions = reconcileServer(
      observed(serverOf(), { children: { missing: [], leftover: [], foreign: [foreign] } }),
      NOW,
    )
    expect(told(actions)).toEqual(['patch', 'event NameTaken'])
  })
})

describe('status', () => {
  const server = serverOf({ replicas: { min: 2, max: 2 } })
  const deployment = settled(deploymentOf(server))

  test('says how many of the wanted copies answer, and where', () => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: {}, spec: { clusterIP: '10.1.2.3' } } as Service
    const { status } = observedTwice(server, { deployment, service })
    expect(status).toMatchObject({ phase: 'Available', ready: '2/2', url: 'http://10.1.2.3:8080', readyReplicas: 2 })
    expect(status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'Available=True',
      'Current=True',
    ])
  })

  test('is idle, and available, while no copy runs and a request starts one', () => {
    const idle = settled({ ...deployment, spec: { ...deployment.spec, replicas: 0 } }, 0)
    expect(observedTwice(server, { deployment: idle }).status).toMatchObject({ phase: 'Idle', ready: '0/0' })
  })

  test('says that a rolled back Deployment is not what is declared, and leaves it', () => {
    const known = observedTwice(server, { deployment })
    const { template } = deployment.spec
    const older = { ...template, spec: { ...template.spec, containers: [{ name: 'server', command: ['old'] }] } }
    const rolledBack = { ...deployment, spec: { ...deployment.spec, template: older } }
    const actions = reconcileServer(observed(known, { deployment: rolledBack }), NOW)
    expect(told(actions)).toEqual(['patch'])
    expect(afterStatus(known, actions).status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Current', status: 'False', reason: 'RolledBack' }),
    )
  })

  test('more copies do not end a rollback; another configuration does', () => {
    const known = observedTwice(server, { deployment })
    const older = { spec: { containers: [{ name: 'server', command: ['old'] }] } }
    const rolledBack = { ...deployment, spec: { ...deployment.spec, template: older } }
    const next = (spec: Partial<ServerSpec>): Server => ({
      ...known,
      metadata: { ...known.metadata, generation: 2 },
      spec: { ...known.spec, ...spec },
    })
    const templateAfter = (changed: Server): unknown => {
      const actions = reconcileServer(observed(changed, { deployment: rolledBack }), NOW)
      const applied = actions.find(action => action.kind === 'apply' && action.object.kind === 'Deployment')
      return applied?.kind === 'apply' ? (applied.object as Deployment).spec.template : undefined
    }
    expect(templateAfter(next({ replicas: { min: 3, max: 3 } }))).toEqual(older)
    expect(templateAfter(next({ config: { A: 'new' } }))).not.toEqual(older)
  })

  test.each([
    [{ protocol: 'http', port: 80 }, '10.0.0.1', 'http://10.0.0.1'],
    [{ protocol: 'grpc', port: 9000 }, '10.0.0.1', 'grpc://10.0.0.1:9000'],
    [{ protocol: 'udp', port: 53 }, 'fd00::1', 'udp://[fd00::1]:53'],
    [{ port: 8080 }, 'None', undefined],
  ] as const)('the address of %o at %s is %s', (run, clusterIP, url) => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: {}, spec: { clusterIP } } as Service
    expect(urlOf(serverOf({ run: { command: ['x'], ...run } }), service)).toBe(url)
  })
})

describe('leftovers', () => {
  const map = (name: string): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      uid: name,
      ownerReferences: [{ apiVersion: 'x', kind: 'Server', name: 'api', uid: 'server-uid' }],
    },
  })
  const server = serverOf({ config: { A: '3' } })
  const deployment = settled(deploymentOf(server))
  const current = compiledOf(server)[0]!.metadata.name!
  const revision = (name: string): ReplicaSet => ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name },
    spec: {
      selector: {},
      template: { spec: { containers: [{ name: 'server', envFrom: [{ configMapRef: { name } }] }] } },
    },
  })
  const belongings = {
    objects: [],
    configMaps: [map(current), map('api-config-old'), map('api-config-older')],
    revisions: [deployment, revision('api-config-old')],
  }

  test('a configuration goes when no revision refers to it, so that a rollback finds its own', () => {
    const known = observedTwice(server, { deployment })
    expect(told(reconcileServer(observed(known, { deployment, belongings }), NOW))).toEqual([
      'delete ConfigMap api-config-older',
    ])
  })

  test('while a rollout is under way none goes', () => {
    const known = observedTwice(server, { deployment })
    const busy = { ...deployment, status: { ...deployment.status, updatedReplicas: 0 } }
    expect(told(reconcileServer(observed(known, { deployment: busy, belongings }), NOW))).toEqual([])
  })

  test('code that another server owns too stays', () => {
    const shared = map('api-code-1')
    const owners = [...shared.metadata.ownerReferences!, { apiVersion: 'x', kind: 'Server', name: 'b', uid: 'other' }]
    const configMaps = [{ ...shared, metadata: { ...shared.metadata, ownerReferences: owners } }]
    const known = observedTwice(server, { deployment })
    const both = { ...belongings, configMaps }
    expect(told(reconcileServer(observed(known, { deployment, belongings: both }), NOW))).toEqual([])
  })

  test('an autoscaler goes when the number of copies is fixed', () => {
    const scaler: KubeObject = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'api' },
    }
    const known = observedTwice(server, { deployment })
    const actions = reconcileServer(
      observed(known, { deployment, belongings: { ...belongings, objects: [scaler] } }),
      NOW,
    )
    expect(told(actions)).toContain('delete HorizontalPodAutoscaler api')
  })
})

describe('canary', () => {
  const spec = { replicas: { min: 10, max: 10 }, rollout: { canary: { percent: 20, seconds: 30 } } }
  const before = serverOf({ ...spec, config: { A: '1' } })
  const main = settled(deploymentOf(before))
  const known = observedTwice(before, { deployment: main })
  const changed: Server = {
    ...known,
    metadata: { ...known.metadata, generation: 2 },
    spec: { ...before.spec, config: { A: '2' } },
  }
  const begun = reconcileServer(observed(changed, { deployment: main }), NOW)
  const trying = afterStatus(changed, begun)
  const made = begun.find(action => action.kind === 'apply' && action.object.metadata.name === 'api-canary')
  const canary = settled((made?.kind === 'apply' ? made.object : undefined) as Deployment)

  test('the first rollout has none', () => {
    expect(told(reconcileServer(observed(before), NOW))).toContain('apply Deployment api')
  })

  test('a change begins on a share of the copies, with its configuration; the others stay', () => {
    expect(told(begun)).toContain('apply Deployment api-canary')
    expect(told(begun)).not.toContain('apply Deployment api')
    expect(told(begun)).toContainEqual(expect.stringMatching(/^apply ConfigMap/))
    expect(canary.spec.replicas).toBe(2)
    expect(canary.spec.selector.matchLabels).toMatchObject({ 'solvent.dev/role': 'canary' })
  })

  test('it must stay well for as long as is asked', () => {
    const actions = reconcileServer(observed(trying, { deployment: main, canary }), NOW + 10_000)
    expect(told(actions).filter(each => each !== 'patch')).toEqual(['wake 20000'])
  })

  test('then the rest follows, and the canary goes when the rest is there', () => {
    const promoted = reconcileServer(observed(trying, { deployment: main, canary }), NOW + 30_000)
    expect(told(promoted)).toEqual(expect.arrayContaining(['apply Deployment api', 'event CanaryPromoted']))
    const after = afterStatus(trying, promoted)
    const rolling = { ...settled(deploymentOf(changed)), status: { observedGeneration: 0 } }
    expect(told(reconcileServer(observed(after, { deployment: rolling, canary }), NOW))).not.toContain(
      'delete Deployment api-canary',
    )
    const done = settled(deploymentOf(changed))
    expect(told(reconcileServer(observed(after, { deployment: done, canary }), NOW))).toContain(
      'delete Deployment api-canary',
    )
  })

  test('a copy that was asked to end tells nothing against it', () => {
    const statuses = [{ name: 'server', restartCount: 0, state: { terminated: { exitCode: 0 } } }]
    const metadata = { name: 'p', deletionTimestamp: '2026-01-01T00:00:00Z' }
    const pod = { metadata, status: { containerStatuses: statuses } } as unknown as Pod
    const actions = reconcileServer(observed(trying, { deployment: main, canary, canaryPods: [pod] }), NOW)
    expect(told(actions)).not.toContain('event CanaryFailed')
  })

  test('a copy that had to be started again takes the change back, once, until the declaration changes', () => {
    const statuses = [{ name: 'server', restartCount: 1, lastState: { terminated: { exitCode: 3 } } }]
    const pod = { metadata: { name: 'p' }, status: { containerStatuses: statuses } } as unknown as Pod
    const failed = reconcileServer(observed(trying, { deployment: main, canary, canaryPods: [pod] }), NOW)
    expect(told(failed)).toEqual(expect.arrayContaining(['delete Deployment api-canary', 'event CanaryFailed']))
    const after = afterStatus(trying, failed)
    expect(after.status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'CanaryHealthy',
        status: 'False',
        message: expect.stringContaining('container server of pod p ended with exit code 3'),
      }),
    )
    expect(told(reconcileServer(observed(after, { deployment: main }), NOW)).filter(each => each !== 'patch')).toEqual(
      [],
    )
  })
})
