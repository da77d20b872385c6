/** Names from the API to whoever writes them, with our own API server. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ensurePki } from '../apiserver/pki/pki.ts'
import { type ApiServer, createApiServer } from '../apiserver/server.ts'
import { memoryStore } from '../apiserver/store/open-store.ts'
import { systemClock } from '../base/clock.ts'
import type { KubeObject } from '../kube/object.ts'
import type { NameEntry } from './pod-names.ts'
import { type Network, startNetwork } from './start-network.ts'

const folder = mkdtempSync(join(tmpdir(), 'solvent-network-'))
const pki = ensurePki(folder)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** For a machine that is busy with other tests. */
const PATIENCE = 10_000

let server: ApiServer
let network: Network
let published: (readonly NameEntry[])[]

beforeEach(async () => {
  server = createApiServer({ store: memoryStore(), pki })
  published = []
  await server.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  await server.api.create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  })
  const names = {
    publish: (entriesOf: (namespace: string) => readonly NameEntry[]) => void published.push(entriesOf('default')),
  }
  network = startNetwork({ api: server.api, clock: systemClock, names })
  await network.ready
})
afterEach(async () => {
  await network.stop()
  await server.close()
})

const addressesOf = (name: string): readonly string[] =>
  (published.at(-1) ?? []).filter(entry => entry.names.includes(name)).map(entry => entry.address)

async function makeService(): Promise<void> {
  const spec = { clusterIP: 'None', selector: { app: 'a' }, publishNotReadyAddresses: true, ports: [{ port: 80 }] }
  await server.api.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'default' },
    spec,
  } as KubeObject)
}

async function makePod(i: number): Promise<void> {
  const metadata = { name: `p-${i}`, namespace: 'default', labels: { app: 'a' } }
  const spec = { hostname: `h-${i}`, subdomain: 's', containers: [{ name: 'c', image: 'x', command: ['true'] }] }
  await server.api.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec } as KubeObject)
}

const setAddress = (i: number) =>
  server.api.patch(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: `p-${i}` },
    'merge',
    { status: { podIP: `10.0.0.${i}`, phase: 'Pending' } },
    { subresource: 'status' },
  )

test('a pod is found as soon as its address is known, and no more when it is gone', async () => {
  await makeService()
  await makePod(2)
  await setAddress(2)
  await vi.waitFor(() => expect(addressesOf('h-2.s')).toEqual(['10.0.0.2']), PATIENCE)
  await server.api.delete(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'p-2' },
    { gracePeriodSeconds: 0 },
  )
  await vi.waitFor(() => expect(addressesOf('h-2.s')).toEqual([]), PATIENCE)
})

test('a gang that gets its addresses at once is published a few times, not once a pod', async () => {
  await makeService()
  const ranks = Array.from({ length: 30 }, (_, i) => i + 2)
  await Promise.all(ranks.map(makePod))
  await Promise.all(ranks.map(setAddress))
  await vi.waitFor(() => expect(addressesOf('s')).toHaveLength(30), PATIENCE)
  expect(published.length).toBeLessThan(15)
})

test('pods of no headless Service are nobody’s news', async () => {
  await makePod(2)
  await setAddress(2)
  await makeService()
  await vi.waitFor(() => expect(addressesOf('s')).toEqual(['10.0.0.2']), PATIENCE)
  expect(published).toHaveLength(1)
})

test('a Service with an address leads there', async () => {
  const made = await server.api.create<KubeObject & { spec: { clusterIP: string } }>({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'a' }, ports: [{ port: 80 }] },
  } as KubeObject)
  await vi.waitFor(() => expect(addressesOf('web.default.svc')).toEqual([made.spec.clusterIP]), PATIENCE)
})
