/** @kubernetes/client-node against an embedded cluster, as its users write: typed calls, informer, apply, streams, custom objects. */
import { execFileSync } from 'node:child_process'
import { createConnection, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import * as k8s from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster, eventually } from '../e2e/embedded-cluster.ts'
import { environmentOf } from './programs.ts'

const SERVE = `require('http').createServer((_, answer) => answer.end('hello from the pod')).listen(8080); console.log('listening')`

describe('@kubernetes/client-node', () => {
  let cluster: EmbeddedCluster
  let core: k8s.CoreV1Api
  const config = new k8s.KubeConfig()
  const namespace = 'default'

  beforeAll(async () => {
    cluster = await EmbeddedCluster.up()
    config.loadFromFile(join(cluster.state, 'kubeconfig'))
    core = config.makeApiClient(k8s.CoreV1Api)
    await core.createNamespacedPod({
      namespace,
      body: {
        metadata: { name: 'server' },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'main', image: 'node', command: ['node', '-e', SERVE] }],
        },
      },
    })
  })
  afterAll(() => cluster?.down())

  const listening = () =>
    eventually('the pod listens', 20_000, () =>
      core.readNamespacedPodLog({ name: 'server', namespace }).then(
        text => text.includes('listening'),
        () => false,
      ),
    )
  const configMap = (name: string, data: Record<string, string>, labels?: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels },
    data,
  })

  test('creates, reads, patches in every way and deletes', async () => {
    await core.createNamespacedConfigMap({ namespace, body: configMap('a', { a: '1' }) })
    const patch = (body: object, type: k8s.PatchStrategy) =>
      core.patchNamespacedConfigMap({ name: 'a', namespace, body }, k8s.setHeaderOptions('Content-Type', type))
    await patch({ data: { b: '2' } }, k8s.PatchStrategy.StrategicMergePatch)
    await patch({ data: { a: null } }, k8s.PatchStrategy.MergePatch)
    const patched = await patch([{ op: 'add', path: '/data/c', value: '3' }], k8s.PatchStrategy.JsonPatch)
    expect(patched.data).toEqual({ b: '2', c: '3' })
    const conflict = await core
      .replaceNamespacedConfigMap({
        name: 'a',
        namespace,
        body: { ...patched, metadata: { ...patched.metadata, resourceVersion: '1' } },
      })
      .catch(error => error)
    expect(conflict).toMatchObject({ code: 409 })
    await core.deleteNamespacedConfigMap({ name: 'a', namespace })
    await expect(core.readNamespacedConfigMap({ name: 'a', namespace })).rejects.toMatchObject({ code: 404 })
  })

  test('applies with a field manager', async () => {
    const objects = k8s.KubernetesObjectApi.makeApiClient(config)
    const apply = (value: string, manager: string, force?: boolean) =>
      objects.patch(
        configMap('owned', { a: value }),
        undefined,
        undefined,
        manager,
        force,
        k8s.PatchStrategy.ServerSideApply,
      )
    await apply('1', 'first')
    const conflict = await apply('2', 'second').catch(error => error)
    expect(conflict).toMatchObject({ code: 409 })
    expect(String(conflict.body)).toContain('conflict with \\"first\\"')
    expect(await apply('2', 'second', true)).toMatchObject({ data: { a: '2' } })
  })

  test('custom objects: a definition, an instance, a refusal', async () => {
    const definitions = config.makeApiClient(k8s.ApiextensionsV1Api)
    const custom = config.makeApiClient(k8s.CustomObjectsApi)
    const where = { group: 'node.example.com', version: 'v1', namespace, plural: 'things' }
    const schema: k8s.V1JSONSchemaProps = {
      type: 'object',
      properties: { spec: { type: 'object', properties: { size: { type: 'integer', minimum: 1 } } } },
    }
    await definitions.createCustomResourceDefinition({
      body: {
        metadata: { name: 'things.node.example.com' },
        spec: {
          group: where.group,
          scope: 'Namespaced',
          names: { plural: 'things', kind: 'Thing' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
        },
      },
    })
    const thing = (size: number) => ({
      apiVersion: 'node.example.com/v1',
      kind: 'Thing',
      metadata: { name: 'one' },
      spec: { size },
    })
    await eventually('the kind is served', 10_000, () =>
      custom.listNamespacedCustomObject(where).then(
        () => true,
        () => false,
      ),
    )
    const invalid = await custom.createNamespacedCustomObject({ ...where, body: thing(0) }).catch(error => error)
    expect(invalid).toMatchObject({ code: 422 })
    expect(await custom.createNamespacedCustomObject({ ...where, body: thing(1) })).toMatchObject({ spec: { size: 1 } })
    const list = (await custom.listNamespacedCustomObject(where)) as { items: unknown[] }
    expect(list.items).toHaveLength(1)
    await definitions.deleteCustomResourceDefinition({ name: 'things.node.example.com' })
  })

  test('a watch with a time limit ends by itself', async () => {
    const seen: string[] = []
    const ended = new Promise<unknown>(resolve => {
      const query = { timeoutSeconds: 1, labelSelector: 'watched=yes' }
      void new k8s.Watch(config).watch(
        `/api/v1/namespaces/${namespace}/configmaps`,
        query,
        (phase, object) => seen.push(`${phase} ${object.metadata.name}`),
        resolve,
      )
    })
    await core.createNamespacedConfigMap({ namespace, body: configMap('seen', {}, { watched: 'yes' }) })
    await ended
    expect(seen).toEqual(['ADDED seen'])
  })

  test('logs, at once and as they come', async () => {
    await listening()
    const text: Buffer[] = []
    const sink = new Writable({
      write(chunk, _, done) {
        text.push(chunk)
        done()
      },
    })
    const stop = await new k8s.Log(config).log(namespace, 'server', 'main', sink, { follow: true, tailLines: 5 })
    await eventually('the log is followed', 10_000, () => Buffer.concat(text).toString() === 'listening\n')
    stop.abort()
  })

  test('exec: input, output, problems and the exit code', async () => {
    await listening()
    const [output, problems, input] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const status = await new Promise<k8s.V1Status>((resolve, reject) => {
      const command = ['sh', '-c', 'read line; echo heard $line; echo problem >&2; exit 7']
      new k8s.Exec(config)
        .exec(namespace, 'server', 'main', command, output, problems, input, false, resolve)
        .then(() => input.write('something\n'), reject)
    })
    expect(status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' })
    expect(status.details?.causes?.[0]).toEqual({ reason: 'ExitCode', message: '7' })
    expect([String(output.read()), String(problems.read())]).toEqual(['heard something\n', 'problem\n'])
  })

  test('port-forward, in its own dialect', async () => {
    await listening()
    const forward = new k8s.PortForward(config)
    const server: Server = createServer(socket => {
      void forward.portForward(namespace, 'server', [8080], socket, null, socket)
    })
    const port = await new Promise<number>(resolve =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    )
    let answer = ''
    const client = createConnection(port, '127.0.0.1')
    client.setEncoding('utf8').on('data', text => {
      answer += text
    })
    client.write('GET / HTTP/1.1\r\nHost: pod\r\n\r\n')
    await eventually('the pod answers', 10_000, () => answer.includes('hello from the pod'))
    client.destroy()
    server.close()
  })

  test('an informer goes on over a restart of the server', async () => {
    const selector = 'informed=yes'
    const informer = k8s.makeInformer(
      config,
      `/api/v1/namespaces/${namespace}/configmaps`,
      () => core.listNamespacedConfigMap({ namespace, labelSelector: selector }),
      selector,
    )
    const present = new Set<string>()
    informer.on('add', ({ metadata }) => present.add(metadata?.name ?? ''))
    informer.on('delete', ({ metadata }) => present.delete(metadata?.name ?? ''))
    // As its documentation has it: after an error one starts it again.
    let isOver = false
    informer.on('error', () => {
      if (!isOver) setTimeout(() => void informer.start().catch(() => {}), 100)
    })
    await informer.start()
    const labels = { informed: 'yes' }
    await core.createNamespacedConfigMap({ namespace, body: configMap('before', {}, labels) })
    await core.createNamespacedConfigMap({ namespace, body: configMap('removed', {}, labels) })
    await eventually('both are seen', 10_000, () => present.size === 2)
    const [program, ...args] = environmentOf(cluster).RESTART!.split(' ')
    execFileSync(program!, args)
    await core.deleteNamespacedConfigMap({ name: 'removed', namespace })
    await core.createNamespacedConfigMap({ namespace, body: configMap('after', {}, labels) })
    await eventually('the cache is what is there', 30_000, () => [...present].sort().join() === 'after,before')
    isOver = true
    await informer.stop()
  })
})
