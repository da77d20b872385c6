import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensurePki } from '../apiserver/pki/pki.ts'
import { type ApiServer, createApiServer } from '../apiserver/server.ts'
import { memoryStore } from '../apiserver/store/open-store.ts'
import type { Event } from '../kube/core.ts'
import { createEventRecorder } from './events.ts'
import { createManualClock } from './manual-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'solvent-events-'))
const pki = ensurePki(folder)
let server: ApiServer
beforeEach(async () => {
  server = createApiServer({ store: memoryStore(), pki })
  await server.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid: name } })
const events = async () => (await server.api.list<Event>({ apiVersion: 'v1', kind: 'Event' })).items

test('equal events are counted, others are written', async () => {
  const recorder = createEventRecorder({ api: server.api, clock: createManualClock(), component: 'test' })
  for (let i = 0; i < 3; i++) recorder.event(pod('a'), 'Warning', 'BackOff', 'again')
  recorder.event(pod('b'), 'Normal', 'Started', 'off it goes')
  await recorder.flush()
  expect(
    (await events()).map(({ involvedObject, reason, count }) => `${involvedObject.name} ${reason} ${count}`).sort(),
  ).toEqual(['a BackOff 3', 'b Started 1'])
})

test('an object that never stops talking is cut off after 25 events, and may speak again in five minutes', async () => {
  const clock = createManualClock()
  const recorder = createEventRecorder({ api: server.api, clock, component: 'test' })
  for (let i = 0; i < 40; i++) recorder.event(pod('a'), 'Normal', 'Said', `${i}`)
  await recorder.flush()
  expect((await events()).length).toBe(25)
  clock.advance(300_000)
  for (let i = 0; i < 5; i++) recorder.event(pod('a'), 'Normal', 'Said', `later ${i}`)
  await recorder.flush()
  expect((await events()).length).toBe(26)
})

test('an event that was cleared away meanwhile is written anew', async () => {
  const recorder = createEventRecorder({ api: server.api, clock: createManualClock(), component: 'test' })
  recorder.event(pod('a'), 'Normal', 'Said', 'hello')
  await recorder.flush()
  const [first] = await events()
  await server.api.delete({ apiVersion: 'v1', kind: 'Event', namespace: 'default', name: first!.metadata.name! })
  recorder.event(pod('a'), 'Normal', 'Said', 'hello')
  await recorder.flush()
  expect((await events()).map(({ count }) => count)).toEqual([1])
})
