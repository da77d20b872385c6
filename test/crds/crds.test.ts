/** Other people's definitions: installed, established, and their kinds used with kubectl as any. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CustomResourceDefinition } from '../../src/kube/workloads.ts'
import { Kubectl } from '../clients/kubectl.ts'
import { startServer, type TestServer } from '../clients/server.ts'
import { definitionsOf, HAS_GO, SOURCES } from './modules.ts'
import { SAMPLES, type Sample } from './samples.ts'

let server: TestServer
let kubectl: Kubectl
beforeAll(async () => {
  server = await startServer()
  kubectl = new Kubectl('1.35', server.kubeconfig)
})
afterAll(() => server?.close())

const objectOf = ({ apiVersion, kind, isClusterWide, spec, rest }: Sample) => ({
  apiVersion,
  kind,
  metadata: { name: 'sample', ...(!isClusterWide && { namespace: 'default' }) },
  ...(spec && { spec }),
  ...rest,
})

describe.skipIf(!HAS_GO).each(SOURCES)('$name', source => {
  let definitions: readonly CustomResourceDefinition[]

  test('its definitions are taken and served', async () => {
    definitions = definitionsOf(source)
    expect(definitions.length).toBeGreaterThan(0)
    await kubectl.ok(['create', '-f', '-'], definitions.map(crd => JSON.stringify(crd)).join('\n---\n'))
    const names = definitions.map(crd => `crd/${crd.metadata.name}`)
    await kubectl.ok(['wait', '--for=condition=Established', '--timeout=30s', ...names])
  })

  test.each(SAMPLES[source.name] ?? [])('$kind', async sample => {
    const { apiVersion, kind, patch, explain, refused } = sample
    const [group = ''] = apiVersion.split('/')
    const resource = `${kind}.${apiVersion.replace(`${group}/`, '')}.${group}`
    const object = objectOf(sample)
    await kubectl.ok(['create', '-f', '-'], JSON.stringify(object))
    expect(await kubectl.ok(['get', resource, 'sample'])).toContain('sample')
    expect(
      await kubectl.ok([
        'explain',
        `${resource.split('.')[0]?.toLowerCase()}.${explain[0]}`,
        `--api-version=${apiVersion}`,
      ]),
    ).toContain(explain[1])
    await kubectl.ok(['patch', resource, 'sample', '--type=merge', '-p', JSON.stringify(patch)])
    if (refused) {
      const { code, stderr } = await kubectl.run([
        'patch',
        resource,
        'sample',
        '--type=merge',
        '-p',
        JSON.stringify(refused[0]),
      ])
      expect(stderr).toContain(refused[1])
      expect(code).toBe(1)
    }
    await twoManagers(sample, resource)
    await kubectl.ok(['delete', resource, 'sample', '--wait=true', '--timeout=20s'])
  })

  test('its definitions go, and their kinds with them', async () => {
    await kubectl.ok(['delete', 'crd', ...definitions.map(crd => crd.metadata.name ?? ''), '--timeout=60s'])
    const { stderr } = await kubectl.run(['get', `${definitions[0]?.spec.names.plural}.${definitions[0]?.spec.group}`])
    expect(stderr).toContain("the server doesn't have a resource type")
  })
})

/** Both own a label each; one that takes the other's is told whose it is, and may insist. */
async function twoManagers(sample: Sample, resource: string): Promise<void> {
  const labelled = (labels: object) => {
    const { metadata, ...rest } = objectOf({ ...sample, spec: undefined, rest: undefined } as never)
    return JSON.stringify({ ...rest, metadata: { ...metadata, labels } })
  }
  const apply = (manager: string, labels: object, ...more: string[]) =>
    kubectl.run(['apply', '--server-side', `--field-manager=${manager}`, ...more, '-f', '-'], labelled(labels))
  expect(await apply('one', { a: '1' })).toMatchObject({ code: 0 })
  expect(await apply('two', { b: '1' })).toMatchObject({ code: 0 })
  const conflict = await apply('two', { a: '2', b: '1' })
  expect(conflict.stderr).toContain('conflict with "one": .metadata.labels.a')
  expect(await apply('two', { a: '2', b: '1' }, '--force-conflicts')).toMatchObject({ code: 0 })
  expect(await apply('one', {})).toMatchObject({ code: 0 })
  expect(await kubectl.ok(['get', resource, 'sample', '-o', 'jsonpath={.metadata.labels}'])).toContain('"a":"2"')
}
