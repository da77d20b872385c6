/**
 * Concurrent clients of a server that is killed (-9) again and again: what they were answered can be told as one row of events, object by
 * object, and versions grow with time. As often as SOLVENT_KILLS says; 10 times otherwise.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensurePki } from '../../src/apiserver/pki/pki.ts'
import { createHttpApi, type HttpApi } from '../../src/client/http-api.ts'
import type { ConfigMap } from '../../src/kube/core.ts'
import { isApiError } from '../../src/kube/status.ts'
import { type Answer, type Attempt, type Call, isLinearizable } from './linearizable.ts'
import { seededRandom } from './simulated-disk.ts'

const KILLS = Number(process.env.SOLVENT_KILLS ?? 10)
const CLIENTS = 8
const OBJECTS = 4
/** Histories begin anew with other objects after so many kills, so that those without an answer do not pile up. */
const KILLS_A_HISTORY = 2
const PORT = 17_455

const root = join(import.meta.dirname, '../..')
const program = join(root, 'node_modules/.cache/crash-server.mjs')
const folder = mkdtempSync(join(tmpdir(), 'solvent-linear-'))
let server: ChildProcess
let api: HttpApi

beforeAll(async () => {
  await build({
    entryPoints: [join(root, 'bench/apiserver/our-server.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    packages: 'external',
  })
  const { ca, adminToken: token } = ensurePki(join(folder, 'pki'), ['10.96.0.1'])
  await start()
  api = createHttpApi({ server: `https://127.0.0.1:${PORT}`, ca, token })
})
afterAll(() => {
  api?.close()
  server?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
  rmSync(program, { force: true })
})

/** Returns when it listens. */
async function start(): Promise<void> {
  server = spawn(process.execPath, [program, folder, String(PORT), 'sync'], { stdio: 'inherit' })
}

async function untilBack(): Promise<void> {
  for (const deadline = performance.now() + 30_000; performance.now() < deadline; await delay(10)) {
    try {
      await api.get({ apiVersion: 'v1', kind: 'Namespace', name: 'default' })
      return
    } catch {
      // Not yet.
    }
  }
  throw new Error('the server did not come back')
}

const refTo = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name })
const objectOf = (name: string, token: string, resourceVersion?: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', ...(resourceVersion !== undefined && { resourceVersion }) },
  data: { token },
})

/** A token's version: given once. */
const versions = new Map<string, number>()
const contradictions: string[] = []
function learn({ metadata, data }: ConfigMap): string {
  const [token, version] = [data?.token ?? '', Number(metadata.resourceVersion)]
  const known = versions.get(token)
  if (known !== undefined && known !== version) contradictions.push(`${token} has version ${known} and ${version}`)
  versions.set(token, version)
  return token
}

async function ask(name: string, attempt: Attempt): Promise<Answer> {
  try {
    switch (attempt.kind) {
      case 'read':
        return { kind: 'ok', token: learn(await api.get<ConfigMap>(refTo(name))) }
      case 'create':
        learn(await api.create<ConfigMap>(objectOf(name, attempt.token)))
        return { kind: 'ok' }
      case 'put':
        learn(await api.update<ConfigMap>(objectOf(name, attempt.token)))
        return { kind: 'ok' }
      case 'swap':
        learn(await api.update<ConfigMap>(objectOf(name, attempt.token, String(versions.get(attempt.expected)))))
        return { kind: 'ok' }
      case 'delete':
        await api.delete(refTo(name))
        return { kind: 'ok' }
    }
  } catch (error) {
    if (isApiError(error, 'NotFound'))
      return attempt.kind === 'read' ? { kind: 'ok', token: undefined } : { kind: 'absent' }
    if (isApiError(error, 'AlreadyExists')) return { kind: 'exists' }
    if (isApiError(error, 'Conflict')) return { kind: 'conflict' }
    if (isApiError(error) && !isApiError(error, 'ServiceUnavailable')) throw error
    return { kind: 'none' }
  }
}

let tokens = 0
function draw(random: () => number, lastRead: string | undefined): Attempt {
  const dice = random()
  if (dice < 0.4) return { kind: 'read' }
  const token = `t${tokens++}`
  if (dice < 0.55) return { kind: 'create', token }
  if (dice < 0.65) return { kind: 'put', token }
  if (dice < 0.75) return { kind: 'delete' }
  return lastRead === undefined ? { kind: 'read' } : { kind: 'swap', expected: lastRead, token }
}

/** One client until the server is gone. */
async function client(prefix: string, random: () => number, histories: Map<string, Call[]>, onAnswer: () => void) {
  const lastRead = new Map<string, string>()
  for (;;) {
    const name = `${prefix}-${Math.floor(random() * OBJECTS)}`
    const attempt = draw(random, lastRead.get(name))
    const calledAt = performance.now()
    const answer = await ask(name, attempt)
    const answeredAt = answer.kind === 'none' ? Number.POSITIVE_INFINITY : performance.now()
    const history = histories.get(name) ?? []
    histories.set(name, history)
    // A read without an answer says nothing.
    if (answer.kind !== 'none' || attempt.kind !== 'read') history.push({ attempt, answer, calledAt, answeredAt })
    if (answer.kind === 'none') return
    if (answer.kind === 'ok' && answer.token !== undefined) lastRead.set(name, answer.token)
    onAnswer()
  }
}

/** Writes that were answered before others were called have lower versions. */
function versionsGoingBack(calls: readonly Call[]): number {
  const writes = calls.flatMap(({ attempt, calledAt, answeredAt }) => {
    const version = 'token' in attempt ? versions.get(attempt.token) : undefined
    return version === undefined || answeredAt === Number.POSITIVE_INFINITY ? [] : [{ version, calledAt, answeredAt }]
  })
  const byAnswer = [...writes].sort((a, b) => a.answeredAt - b.answeredAt)
  let [next, newest, wrong] = [0, 0, 0]
  for (const { version, calledAt } of [...writes].sort((a, b) => a.calledAt - b.calledAt)) {
    while (next < byAnswer.length && byAnswer[next]!.answeredAt < calledAt)
      newest = Math.max(newest, byAnswer[next++]!.version)
    if (version <= newest) wrong++
  }
  return wrong
}

test(
  `what clients were answered over ${KILLS} kills is linearizable`,
  async () => {
    const random = seededRandom(3)
    const wrong: string[] = []
    let [checked, longest] = [0, 0]
    for (let kill = 0; kill < KILLS; ) {
      const histories = new Map<string, Call[]>()
      for (const end = Math.min(KILLS, kill + KILLS_A_HISTORY); kill < end; kill++) {
        await untilBack()
        let left = 50 + Math.floor(random() * 250)
        const prefix = `k${Math.floor(kill / KILLS_A_HISTORY)}`
        const onAnswer = (): void => {
          if (--left === 0) server.kill('SIGKILL')
        }
        await Promise.all(Array.from({ length: CLIENTS }, () => client(prefix, random, histories, onAnswer)))
        expect(left, 'the server ended by itself').toBeLessThanOrEqual(0)
        await start()
      }
      await untilBack()
      for (const [name, history] of histories) {
        const calledAt = performance.now()
        const answer = await ask(name, { kind: 'read' })
        history.push({ attempt: { kind: 'read' }, answer, calledAt, answeredAt: performance.now() })
        if (!isLinearizable(history)) wrong.push(`${name}: ${JSON.stringify(history)}`)
        checked += history.length
        longest = Math.max(longest, history.length)
      }
      if (versionsGoingBack([...histories.values()].flat()) > 0) wrong.push('versions went back')
    }
    console.log({ kills: KILLS, calls: checked, longestHistory: longest })
    expect({ wrong, contradictions }).toEqual({ wrong: [], contradictions: [] })
  },
  KILLS * 20_000 + 60_000,
)

describe('the checker', () => {
  const call = (attempt: Attempt, answer: Answer, calledAt: number, answeredAt: number): Call => ({
    attempt,
    answer,
    calledAt,
    answeredAt,
  })
  const ok: Answer = { kind: 'ok' }
  const read = (token: string | undefined, from: number, to: number) =>
    call({ kind: 'read' }, { kind: 'ok', token }, from, to)
  const create = (token: string, from: number, to: number, answer: Answer = ok) =>
    call({ kind: 'create', token }, answer, from, to)
  const swap = (expected: string, token: string, from: number, to: number, answer: Answer = ok) =>
    call({ kind: 'swap', expected, token }, answer, from, to)
  const forever = Number.POSITIVE_INFINITY
  const none: Answer = { kind: 'none' }

  test.each<[string, readonly Call[], boolean]>([
    ['nothing', [], true],
    ['a write and its read', [create('a', 0, 1), read('a', 2, 3)], true],
    ['a read that misses what was answered', [create('a', 0, 1), read(undefined, 2, 3)], false],
    ['a read beside a write sees either', [create('a', 0, 5), read(undefined, 1, 2), read('a', 3, 4)], true],
    ['reads that go back', [create('a', 0, 5), read('a', 1, 2), read(undefined, 3, 4)], false],
    ['two swaps of one state', [create('a', 0, 1), swap('a', 'b', 2, 5), swap('a', 'c', 3, 6)], false],
    [
      'a swap and one that was refused',
      [create('a', 0, 1), swap('a', 'b', 2, 5), swap('a', 'c', 3, 6, { kind: 'conflict' })],
      true,
    ],
    ['a write without an answer that is seen', [create('a', 0, forever, none), read('a', 9, 10)], true],
    ['one that is not seen', [create('a', 0, forever, none), read(undefined, 9, 10)], true],
    [
      'one that is seen and then is not',
      [create('a', 0, forever, none), read('a', 9, 10), read(undefined, 11, 12)],
      false,
    ],
    ['a write that is seen before it was called', [read('a', 0, 1), create('a', 2, 3)], false],
    ['a lost write', [create('a', 0, 1), swap('a', 'b', 2, 3), read('a', 4, 5)], false],
  ])('%s', (_, history, expected) => expect(isLinearizable(history)).toBe(expected))
})
