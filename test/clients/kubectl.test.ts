/** kubectl as people use it, old and new, against the API server alone: what it prints is what they see. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CAN_RUN, Kubectl, RELEASES } from './kubectl.ts'
import { startServer, type TestServer } from './server.ts'

const POD = `
apiVersion: v1
kind: Pod
metadata: { name: alone, labels: { app: alone } }
spec:
  containers: [{ name: main, command: [sleep, "60"], resources: { limits: { cpu: 100m, memory: 32Mi } } }]
`

const DEPLOYMENT = (image: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
      - { name: web, image: "${image}", ports: [{ containerPort: 80 }] }
      - { name: side, image: side:1 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { level: info }
`

const JOB = `
apiVersion: batch/v1
kind: Job
metadata: { name: count }
spec:
  completions: 3
  completionMode: Indexed
  template: { spec: { restartPolicy: Never, containers: [{ name: main, command: ["true"] }] } }
`

const WIDGETS = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { plural: widgets, kind: Widget, shortNames: [wd] }
  versions:
  - name: v1
    served: true
    storage: true
    subresources: { status: {}, scale: { specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas } }
    additionalPrinterColumns:
    - { name: Size, type: integer, jsonPath: .spec.size }
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: { type: integer, minimum: 1, description: How large it is. }
              color: { type: string, default: red }
              replicas: { type: integer, default: 1 }
`
const WIDGET = (size: number, field = 'size'): string =>
  JSON.stringify({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'first' }, spec: { [field]: size } })

const SETTINGS = (name: string, data: object, labels?: object): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data })

describe.skipIf(!CAN_RUN).each(RELEASES)('kubectl %s', release => {
  let running: TestServer
  let kubectl: Kubectl
  const apply = (yaml: string, ...more: string[]) => kubectl.ok(['apply', ...more, '-f', '-'], yaml)

  beforeAll(async () => {
    running = await startServer()
    kubectl = new Kubectl(release, running.kubeconfig)
  })
  afterAll(() => running?.close())

  test('knows the server and its kinds by their short names', async () => {
    expect(await kubectl.ok(['version'])).toContain('Server Version: v1.35')
    expect(await kubectl.ok(['get', 'ns'])).toMatch(/^NAME +STATUS +AGE\ndefault +Active/)
    expect(await kubectl.ok(['api-resources', '-o', 'name'])).toContain('podgroups.scheduling.k8s.io')
    expect(await kubectl.ok(['get', 'sa,cm,no,ev,deploy', '-A'])).toContain('serviceaccount/default')
  })

  test('apply creates, finds nothing to do, and changes', async () => {
    expect(await apply(DEPLOYMENT('nginx:1'))).toBe(
      'deployment.apps/web created\nservice/web created\nconfigmap/settings created\n',
    )
    expect(await apply(DEPLOYMENT('nginx:1'))).toBe(
      'deployment.apps/web unchanged\nservice/web unchanged\nconfigmap/settings unchanged\n',
    )
    const { code, stdout } = await kubectl.run(['diff', '-f', '-'], DEPLOYMENT('nginx:2'))
    expect(code).toBe(1)
    expect(stdout).toContain('+      - image: nginx:2')
    expect(await apply(DEPLOYMENT('nginx:2'))).toContain('deployment.apps/web configured')
    const containers = '-o=jsonpath={.spec.template.spec.containers[*].image} {.metadata.generation}'
    expect(await kubectl.ok(['get', 'deploy', 'web', containers])).toBe('nginx:2 side:1 2')
  })

  test('get prints tables, wide tables, JSON, YAML and names', async () => {
    await apply(POD)
    expect(await kubectl.ok(['get', 'pods'])).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\nalone +0\/1 +Pending +0 /)
    expect(await kubectl.ok(['get', 'deploy', 'web', '-o', 'wide'])).toMatch(
      /web +0\/2 .*web,side +nginx:2,side:1 +app=web/,
    )
    expect(await kubectl.ok(['get', 'svc'])).toMatch(/web +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP/)
    const pod = JSON.parse(await kubectl.ok(['get', 'pod', 'alone', '-o', 'json']))
    expect(pod.spec).toMatchObject({
      restartPolicy: 'Always',
      securityContext: {},
      serviceAccountName: 'default',
      containers: [{ resources: { requests: { cpu: '100m', memory: '32Mi' } } }],
    })
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'Guaranteed' })
    expect(await kubectl.ok(['get', 'pod', 'alone', '-o', 'yaml'])).toContain('kube-api-access-')
    expect(await kubectl.ok(['get', 'pods', '-o', 'name'])).toBe('pod/alone\n')
  })

  test('label and field selectors select', async () => {
    expect(await kubectl.ok(['get', 'pods', '-l', 'app in (alone,web)', '-o', 'name'])).toBe('pod/alone\n')
    expect((await kubectl.run(['get', 'pods', '-l', 'app=web'])).stderr).toContain('No resources found')
    expect(await kubectl.ok(['get', 'pods', '--field-selector', 'status.phase=Pending', '-o', 'name'])).toBe(
      'pod/alone\n',
    )
    const { code, stderr } = await kubectl.run(['get', 'pods', '--field-selector', 'spec.nonsense=1'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('field label not supported: spec.nonsense')])
  })

  test('get -w shows changes as they come', async () => {
    const watch = kubectl.follow(['get', 'cm', '-w', '-l', 'watched=yes'])
    await apply(SETTINGS('seen', { a: 'b' }, { watched: 'yes' }))
    await watch.until(/seen +1 /)
    await kubectl.ok(['patch', 'cm', 'seen', '-p', '{"data":{"c":"d"}}'])
    await watch.until(/seen +2 /)
    watch.stop()
  })

  test('describe shows an object and its events', async () => {
    const { metadata } = await running.server.api.get({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'default',
      name: 'alone',
    })
    await running.server.api.create({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `alone.${release}`, namespace: 'default' },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'alone', uid: metadata.uid },
      type: 'Warning',
      reason: 'FailedScheduling',
      message: 'no nodes',
      lastTimestamp: new Date().toISOString(),
      source: { component: 'scheduler' },
    } as never)
    const text = await kubectl.ok(['describe', 'pod', 'alone'])
    expect(text).toMatch(/Status: +Pending/)
    expect(text).toMatch(/Warning +FailedScheduling .*no nodes/)
    expect(await kubectl.ok(['describe', 'deploy', 'web'])).toMatch(/Replicas: +2 desired/)
    expect(await kubectl.ok(['get', 'events'])).toMatch(/Warning +FailedScheduling +pod\/alone +no nodes/)
    expect(await kubectl.ok(['events', '--for', 'pod/alone'])).toContain('FailedScheduling')
  })

  test('logs of a pod, its tail, and what comes later', async () => {
    const { code, stderr } = await kubectl.run(['logs', 'alone'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('pod alone does not have a host assigned')])
    const target = { apiVersion: 'v1', kind: 'Node', name: 'node-0' }
    const metadata = { name: 'alone', namespace: 'default' }
    await running.server.api.create({ apiVersion: 'v1', kind: 'Binding', metadata, target } as never, {
      subresource: 'binding',
    })
    expect(await kubectl.ok(['logs', 'alone'])).toBe('one\ntwo\nthree\n')
    expect(await kubectl.ok(['logs', 'alone', '--tail', '1'])).toBe('three\n')
    expect(await kubectl.follow(['logs', '-f', 'alone']).end()).toBe('one\ntwo\nthree\nfour\n')
  })

  test('create KIND makes objects of every usual kind, and who may what is answered', async () => {
    // From 1.32 on these are protobuf bodies.
    const created = [
      ['namespace', 'made'],
      ['configmap', 'made', '--from-literal=level=info', '-n', 'made'],
      ['secret', 'generic', 'made', '--from-literal=key=s3cret', '-n', 'made'],
      ['deployment', 'made', '--image=nginx', '--replicas=2', '-n', 'made'],
      ['job', 'made', '--image=busybox', '-n', 'made', '--', 'echo', 'hello'],
      ['service', 'clusterip', 'made', '--tcp=80:8080', '-n', 'made'],
      ['serviceaccount', 'made', '-n', 'made'],
      ['role', 'made', '--verb=get', '--resource=pods', '-n', 'made'],
      ['rolebinding', 'made', '--role=made', '--serviceaccount=made:made', '-n', 'made'],
      ['priorityclass', 'made', '--value=7'],
    ]
    for (const args of created) expect(await kubectl.ok(['create', ...args])).toMatch(/made created\n$/)
    const of = (what: string, path: string) => kubectl.ok(['get', what, 'made', '-n', 'made', `-o=jsonpath=${path}`])
    expect(await of('configmap', '{.data}')).toBe('{"level":"info"}')
    expect(await of('secret', '{.data.key}')).toBe(Buffer.from('s3cret').toString('base64'))
    expect(await of('deployment', '{.spec.replicas} {.spec.template.spec.containers[0].image}')).toBe('2 nginx')
    expect(await of('job', '{.spec.template.spec.containers[0].command}')).toBe('["echo","hello"]')
    expect(await of('service', '{.spec.ports[0].port} {.spec.ports[0].targetPort}')).toBe('80 8080')
    expect(await of('rolebinding', '{.subjects[0].name} {.roleRef.name}')).toBe('made made')
    expect(await kubectl.ok(['create', 'token', 'made', '-n', 'made'])).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\s*$/)
    expect(await kubectl.ok(['auth', 'can-i', 'create', 'pods'])).toBe('yes\n')
    expect(await kubectl.ok(['auth', 'whoami'])).toContain('Username')
    expect(await kubectl.ok(['delete', 'namespace', 'made', '--wait=false'])).toContain('deleted')
  })

  test('wait sees a condition come', async () => {
    await apply(JOB)
    const waiting = kubectl.follow(['wait', '--for=condition=complete', 'job/count', '--timeout=20s'])
    const ref = { apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name: 'count' }
    const status = { succeeded: 3, conditions: [{ type: 'Complete', status: 'True' }] }
    await running.server.api.patch(ref, 'merge', { status }, { subresource: 'status' })
    expect(await waiting.end()).toBe('job.batch/count condition met\n')
    expect(await kubectl.ok(['get', 'job', 'count'])).toMatch(/count +Complete +3\/3/)
  })

  test('scale, label, annotate and set image', async () => {
    await kubectl.ok(['scale', 'deploy', 'web', '--replicas=5'])
    await kubectl.ok(['label', 'deploy', 'web', 'tier=front'])
    await kubectl.ok(['annotate', 'deploy', 'web', 'note=x'])
    await kubectl.ok(['set', 'image', 'deploy/web', 'side=side:2'])
    const path = '-o=jsonpath={.spec.replicas} {.metadata.labels.tier} {.spec.template.spec.containers[*].image}'
    expect(await kubectl.ok(['get', 'deploy', 'web', path])).toBe('5 front nginx:2 side:2')
  })

  test('errors are those of Kubernetes', async () => {
    expect((await kubectl.run(['get', 'pod', 'nobody'])).stderr).toBe(
      'Error from server (NotFound): pods "nobody" not found\n',
    )
    expect((await kubectl.run(['create', '-f', '-'], POD)).stderr).toContain('pods "alone" already exists')
    const misspelt = POD.replace('command', 'comand')
    expect((await kubectl.run(['apply', '-f', '-'], misspelt)).stderr).toContain(
      'unknown field "spec.containers[0].comand"',
    )
    const greedy = POD.replace('limits:', 'requests: { cpu: 2 }, limits:').replace('name: alone,', 'name: greedy,')
    expect((await kubectl.run(['create', '-f', '-'], greedy)).stderr).toContain(
      'The Pod "greedy" is invalid: spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 100m',
    )
    expect(
      (
        await kubectl.run(
          ['apply', '-f', '-'],
          DEPLOYMENT('x').replace('matchLabels: { app: web }', 'matchLabels: { app: b }'),
        )
      ).stderr,
    ).toContain('field is immutable')
  })

  test('a custom resource: definition, instances, columns, defaults, explain, scale', async () => {
    expect(await apply(WIDGETS)).toBe('customresourcedefinition.apiextensions.k8s.io/widgets.example.com created\n')
    await kubectl.ok(['wait', '--for=condition=established', 'crd/widgets.example.com', '--timeout=10s'])
    expect(await apply(WIDGET(3))).toBe('widget.example.com/first created\n')
    expect(await apply(WIDGET(3))).toBe('widget.example.com/first unchanged\n')
    expect(await apply(WIDGET(4))).toBe('widget.example.com/first configured\n')
    expect(await kubectl.ok(['get', 'wd'])).toBe('NAME    SIZE\nfirst   4\n')
    expect(await kubectl.ok(['get', 'wd', 'first', '-o=jsonpath={.spec.color} {.metadata.generation}'])).toBe('red 2')
    expect((await kubectl.run(['apply', '-f', '-'], WIDGET(0))).stderr).toContain(
      'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    )
    expect((await kubectl.run(['apply', '-f', '-'], WIDGET(1, 'sise'))).stderr).toContain('unknown field "spec.sise"')
    await kubectl.ok(['scale', 'widget', 'first', '--replicas=3'])
    expect(await kubectl.ok(['get', 'wd', 'first', '-o=jsonpath={.spec.replicas}'])).toBe('3')
    expect(await kubectl.ok(['explain', 'widget.spec.size'])).toContain('How large it is.')
    expect(await kubectl.ok(['explain', 'job.spec'])).toMatch(/completions\s*<integer>/)
  })

  test('apply --server-side knows who owns what', async () => {
    const own = (value: string): string => SETTINGS('owned', { a: value })
    expect(await apply(own('1'), '--server-side')).toBe('configmap/owned serverside-applied\n')
    const { stderr } = await kubectl.run(['apply', '--server-side', '--field-manager=other', '-f', '-'], own('2'))
    expect(stderr).toContain('conflict with "kubectl": .data.a')
    await apply(own('2'), '--server-side', '--field-manager=other', '--force-conflicts')
    expect(await kubectl.ok(['get', 'cm', 'owned', '-o=jsonpath={.data.a}'])).toBe('2')
  })

  test('delete waits until things are gone', async () => {
    expect(await kubectl.ok(['delete', 'cm', 'owned'])).toContain('configmap "owned" deleted')
    expect(await kubectl.ok(['delete', 'deploy,svc', 'web'])).toContain('service "web" deleted')
    expect(await kubectl.ok(['delete', 'crd', 'widgets.example.com'])).toContain('deleted')
    expect((await kubectl.run(['get', 'widgets'])).code).toBe(1)
    expect((await kubectl.run(['get', 'deploy', 'web'])).stderr).toContain('not found')
    expect(await kubectl.ok(['delete', 'job', '--all'])).toContain('job.batch "count" deleted')
  })

  test('a pod that runs is given its time to end', async () => {
    await kubectl.ok(['delete', 'pod', 'alone', '--wait=false'])
    expect(await kubectl.ok(['get', 'pod', 'alone'])).toMatch(/alone +0\/1 +Terminating/)
    await running.server.api.delete(
      { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'alone' },
      { gracePeriodSeconds: 0 },
    )
    expect((await kubectl.run(['get', 'pod', 'alone'])).stderr).toContain('not found')
  })
})
