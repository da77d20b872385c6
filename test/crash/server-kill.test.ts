/**
 * Kills (-9) a running server under load, again and again, and looks whether it kept its word: every answered write is there when it is back,
 * a write without an answer is there whole or not at all, versions only grow, and watches go on without repeating or skipping anything.
 * As often as SOLVENT_KILLS says; 10 times otherwise.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttpApi, type HttpApi } from '../../src/client/http-api.ts'
import { readKubeconfig } from '../../src/client/kubeconfig.ts'
import type { ConfigMap } from '../../src/kube/core.ts'
import { isApiError } from '../../src/kube/status.ts'
import { seededRandom } from './simulated-disk.ts'

const KILLS = Number(process.env.SOLVENT_KILLS ?? 10)
const WRITERS = 8
const NAMES_A_WRITER = 6
const NAMESPACE = 'default'
/** The spawner's back-off doubles with each kill; a stop and a start in between keep the waits short, and must lose nothing either. */
const KILLS_A_START = 6

const root = join(import.meta.dirname, '../..')
const state = mkdtempSync(join(tmpdir(), 'solvent-kill-'))
const solvent = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(root, 'bin/solvent.js'),
    ...args,
    '--state',
    state,
  ])
  return stdout
}
const serverPid = (): number => JSON.parse(readFileSync(join(state, 'cluster.json'), 'utf8')).pid
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

let api: HttpApi

beforeAll(async () => {
  const { kubeconfig } = JSON.parse(await solvent('up', '-o', 'json'))
  const connection = await readKubeconfig({ file: kubeconfig })
  if (!connection.ok) throw new Error(connection.problems[0]?.what)
  api = createHttpApi(connection.value)
})

afterAll(async () => {
  api?.close()
  await solvent('down')
  rmSync(state, { recursive: true, force: true })
})

/** What may be true of one object: what was answered last, and what was asked since without an answer. `undefined`: it is not there. */
interface Expected {
  answered: string | undefined
  version: number
  unanswered: (string | undefined)[]
}

const expected = new Map<string, Expected>()
let newestVersion = 0
let writes = 0

const refTo = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name })
const configMap = (name: string, token: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: NAMESPACE },
  data: { token, copy: token, filler: 'x'.repeat(writes % 700) },
})

/** One write of any kind. True when it was answered; a connection that broke gave none. */
async function writeOnce(name: string, random: () => number): Promise<boolean> {
  const known = expected.get(name) ?? { answered: undefined, version: 0, unanswered: [] }
  expected.set(name, known)
  const next = known.answered !== undefined && random() < 0.2 ? undefined : `${name}-${writes++}`
  try {
    const version = await send(name, known.answered, next)
    known.answered = next
    known.version = version
    newestVersion = Math.max(newestVersion, version)
    return true
  } catch (error) {
    if (isApiError(error) && !isApiError(error, 'ServiceUnavailable')) throw error
    known.unanswered.push(next)
    return false
  }
}

async function send(name: string, before: string | undefined, next: string | undefined): Promise<number> {
  if (next === undefined) {
    await api.delete(refTo(name))
    return 0
  }
  const object = configMap(name, next)
  const written = before === undefined ? await api.create(object) : await api.update(object)
  return Number(written.metadata.resourceVersion)
}

/** Writes until the server is gone. */
async function load(random: () => number, onAnswer: () => void): Promise<void> {
  const writer = async (w: number): Promise<void> => {
    for (let i = 0; await writeOnce(`w${w}-${i % NAMES_A_WRITER}`, random); i++) onAnswer()
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, w) => writer(w)))
}

/** Waits for another server than `pid` that answers. */
async function untilBack(pid: number): Promise<void> {
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline) {
    try {
      // The port answers a moment before cluster.json says whose it is.
      const found = serverPid()
      if (found !== pid && isAlive(found)) {
        await api.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE })
        return
      }
    } catch {
      // Not yet.
    }
    await delay(20)
  }
  throw new Error('the server did not come back within 60 s')
}

/** Compares all objects with what may be true, and takes what is true for what was answered. */
async function checkAll(): Promise<void> {
  const list = await api.list<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE })
  expect(Number(list.metadata.resourceVersion)).toBeGreaterThanOrEqual(newestVersion)
  const found = new Map(list.items.map(each => [each.metadata.name ?? '', each]))
  for (const [name, known] of expected) {
    const object = found.get(name)
    const token = object?.data?.token
    expect([known.answered, ...known.unanswered], `${name} after a kill`).toContain(token)
    if (object) {
      expect(object.data?.copy, `${name} is whole`).toBe(token)
      expect(Number(object.metadata.resourceVersion)).toBeGreaterThanOrEqual(
        token === known.answered ? known.version : 0,
      )
    }
    known.answered = token
    known.unanswered = []
  }
}

/** Follows all changes over every kill, and notes versions that do not grow. */
function follow(signal: AbortSignal) {
  const seen = { from: '', version: 0, events: 0, relists: 0, backwards: [] as number[] }
  const collection = { apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        if (seen.from === '') {
          seen.from = (await api.list(collection)).metadata.resourceVersion ?? ''
          seen.version = Math.max(seen.version, Number(seen.from))
          seen.relists++
        }
        for await (const { type, object } of api.watch(collection, { resourceVersion: seen.from, signal })) {
          seen.from = object.metadata.resourceVersion ?? ''
          if (type === 'BOOKMARK') continue
          if (Number(seen.from) <= seen.version) seen.backwards.push(Number(seen.from))
          seen.version = Number(seen.from)
          seen.events++
        }
      } catch (error) {
        if (isApiError(error, 'Expired', 'Gone')) seen.from = ''
        await delay(20)
      }
    }
  }
  return { seen, done: run() }
}

test(
  `${KILLS} kills under load lose nothing that was answered`,
  async () => {
    const random = seededRandom(1)
    const ending = new AbortController()
    const watching = follow(ending.signal)
    for (let kill = 0; kill < KILLS; kill++) {
      if (kill > 0 && kill % KILLS_A_START === 0) {
        await solvent('down')
        await solvent('up')
        await checkAll()
      }
      const pid = serverPid()
      let left = 20 + Math.floor(random() * 300)
      await load(random, () => {
        if (--left === 0) process.kill(pid, 'SIGKILL')
      })
      expect(left, `the server ended by itself before kill ${kill + 1}`).toBeLessThanOrEqual(0)
      await untilBack(pid)
      await checkAll()
    }
    // The watch must come up to the newest write.
    await writeOnce('last', random)
    while (watching.seen.version < newestVersion) await delay(10)
    ending.abort()
    await watching.done
    expect(watching.seen.backwards).toEqual([])
    expect(watching.seen.events).toBeGreaterThan(KILLS * 20)
  },
  KILLS * 20_000 + 60_000,
)
