/** Logs as they are asked for: while they are written, after the end, over a rotation. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import type { LogOptions } from '../../client/kube-api.ts'
import type { Pod } from '../../kube/core.ts'
import { createLives, type Lives } from './lives.ts'
import { rotate } from './log-file.ts'
import { createLogReader, type LogReader } from './log-reader.ts'
import { addMark, type Mark, placeSince, timeOf } from './log-times.ts'

const POD: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', uid: 'u' },
  spec: { containers: [{ name: 'c' }] },
}

let folder: string
let lives: Lives
let reader: LogReader
const write = (text: string): void => appendFileSync(join(folder, 'log'), text)

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'solvent-logs-')), '0')
  mkdirSync(folder)
  write('')
  lives = createLives()
  reader = createLogReader({ folders: { lives: () => [{ number: 0, folder }] }, lives, clock: systemClock })
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

async function read(options: LogOptions = {}): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of reader.logs(POD, 'c', options)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('all of it, and the last lines', async () => {
  write('one\ntwo\nthree')
  expect(await read()).toBe('one\ntwo\nthree')
  expect(await read({ tailLines: 2 })).toBe('two\nthree')
  expect(await read({ tailLines: 0 })).toBe('')
  expect(await read({ tailLines: 9 })).toBe('one\ntwo\nthree')
  write('\n')
  expect(await read({ tailLines: 1 })).toBe('three\n')
})

test('the last lines of any text', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('', 'a', 'bcd', 'é'.repeat(40_000))),
      fc.nat({ max: 6 }),
      async (lines, n) => {
        writeFileSync(join(folder, 'log'), lines.map(line => `${line}\n`).join(''))
        expect(await read({ tailLines: n })).toBe((n === 0 ? [] : lines.slice(-n)).map(line => `${line}\n`).join(''))
      },
    ),
    { numRuns: 50 },
  )
})

describe('followed', () => {
  test('lines come as they are written, until the container ends', async () => {
    lives.begin(folder)
    write('a\n')
    let text = ''
    for await (const chunk of reader.logs(POD, 'c', { follow: true })) {
      text += Buffer.from(chunk).toString()
      if (text === 'a\n') write('b\n')
      if (text === 'a\nb\n') {
        write('c\n')
        lives.end(folder)
      }
    }
    expect(text).toBe('a\nb\nc\n')
  })

  test('one that ended is not waited for', async () => {
    write('a\n')
    expect(await read({ follow: true })).toBe('a\n')
  })

  test('until nobody listens', async () => {
    lives.begin(folder)
    write('a\n')
    const stop = new AbortController()
    for await (const _ of reader.logs(POD, 'c', { follow: true, signal: stop.signal })) stop.abort()
  })
})

describe('rotation', () => {
  test('keeps the end of what was there, bounded', async () => {
    write('0123456789\n'.repeat(10))
    await rotate(folder, 33)
    expect(statSync(join(folder, 'log')).size).toBe(0)
    expect(await read()).toBe('0123456789\n'.repeat(3))
    write('new\n')
    expect(await read()).toBe(`${'0123456789\n'.repeat(3)}new\n`)
    expect(await read({ tailLines: 2 })).toBe('0123456789\nnew\n')
    await rotate(folder, 33)
    expect(await read()).toBe('new\n')
    expect(existsSync(join(folder, 'log.1.new'))).toBe(false)
  })

  test('a follower misses nothing', async () => {
    lives.begin(folder)
    write('a\n')
    let text = ''
    for await (const chunk of reader.logs(POD, 'c', { follow: true })) {
      text += Buffer.from(chunk).toString()
      if (text === 'a\n') {
        write('b\n')
        await rotate(folder, 100)
        write('c\n')
      }
      if (text === 'a\nb\nc\n') lives.end(folder)
    }
    expect(text).toBe('a\nb\nc\n')
  })
})

describe('times', () => {
  const at = (second: number): number => Date.UTC(2026, 0, 1, 0, 0, second)

  test('each line has that of the look that first saw it', async () => {
    lives.begin(folder)
    write('a\nb\n')
    lives.mark(folder, { at: at(1), place: 4 })
    write('c\n')
    lives.mark(folder, { at: at(2), place: 6 })
    write('d')
    lives.end(folder)
    utimesSync(join(folder, 'log'), at(3) / 1000, at(3) / 1000)
    expect(await read({ timestamps: true })).toBe(
      [
        '2026-01-01T00:00:01.000000000Z a',
        '2026-01-01T00:00:01.000000000Z b',
        '2026-01-01T00:00:02.000000000Z c',
        '2026-01-01T00:00:03.000000000Z d',
      ].join('\n'),
    )
  })

  test('since', async () => {
    const now = Date.now()
    lives.begin(folder)
    write('old\nhalf')
    lives.mark(folder, { at: now - 60_000, place: 8 })
    write(' old\nnew\n')
    lives.mark(folder, { at: now - 5_000, place: 17 })
    expect(await read({ sinceSeconds: 30 })).toBe('new\n')
    expect(await read({ sinceSeconds: 90 })).toBe('old\nhalf old\nnew\n')
    lives.end(folder)
    utimesSync(join(folder, 'log'), now / 1000 - 4, now / 1000 - 4)
    expect(await read({ sinceSeconds: 1 })).toBe('')
  })

  test('marks stay few and true', () => {
    let marks: readonly Mark[] = []
    for (let i = 1; i <= 5000; i++) marks = addMark(marks, { at: i, place: i * 10 })
    expect(marks.length).toBeLessThanOrEqual(1024)
    expect(addMark(marks, { at: 6000, place: 50_000 })).toBe(marks)
    expect(timeOf(marks, 49_999, 0)).toBe(5000)
    expect(timeOf(marks, 50_000, 9)).toBe(9)
    expect(placeSince(marks, 6000)).toBe(50_000)
    expect(placeSince([], 5)).toBe(0)
  })
})
