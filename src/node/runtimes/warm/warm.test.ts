/** What runs in a waiting process is, as far as it can tell, a `node FILE` of its own. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../base/clock.ts'
import { createWatchingEnforcement } from '../../resources/watching-enforcement.ts'
import type { ProcessEnd } from '../../spawner/spawner-client.ts'
import { createTestbed, type Testbed } from '../../testbed.ts'
import type { Preload } from './hand-over.ts'
import { createWarmPool, type WarmPool } from './warm-pool.ts'
import { warmRuntime } from './warm-runtime.ts'

let bed: Testbed
let pool: WarmPool
let preloads: readonly Preload[]
beforeAll(async () => {
  bed = await createTestbed()
  const module = join(bed.stateDir, 'greeter.mjs')
  writeFileSync(module, 'export const main = async args => { console.log("hello", ...args); return 5 }\n')
  preloads = [{ command: 'greet', module }]
  const { spawner, stateDir, sandboxes, programs } = bed
  pool = createWarmPool({
    spawner,
    clock: systemClock,
    stateDir,
    size: 2,
    preloads,
    env: { PATH: process.env.PATH ?? '' },
    newSandbox: () => sandboxes.create(),
    openGroup: createWatchingEnforcement({ clock: systemClock, limitation: 'a test' }).open,
    log: message => console.error(message),
    program: programs.warm,
  })
  pool.start()
})
afterAll(async () => {
  await pool.stop()
  await bed.dispose()
})

let serial = 0
function write(name: string, text: string): string {
  const folder = join(bed.stateDir, `code-${serial++}`)
  mkdirSync(folder)
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

async function warm(argv: readonly string[], env: Record<string, string> = {}) {
  let taken = pool.take()
  while (!taken) {
    await new Promise(resolve => setTimeout(resolve, 5))
    taken = pool.take()
  }
  const folder = join(bed.stateDir, 'pods', `life-${serial++}`)
  const runtime = warmRuntime(bed.spawner, preloads)
  const start = {
    id: folder,
    folder,
    argv,
    env: { PATH: process.env.PATH ?? '', ...env },
    cwd: bed.stateDir,
    ...taken,
  }
  expect(runtime.canRun(start)).toBe(true)
  let end: (end: ProcessEnd) => void = () => {}
  const ended = new Promise<ProcessEnd>(resolve => {
    end = resolve
  })
  await runtime.start(start, end)
  const { code } = await ended
  return { code, log: readFileSync(join(folder, 'log'), 'utf8'), record: readFileSync(join(folder, 'status'), 'utf8') }
}

function cold(argv: readonly string[], env: Record<string, string> = {}) {
  const options = { cwd: bed.stateDir, env: { PATH: process.env.PATH ?? '', ...env }, encoding: 'utf8' } as const
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, argv.slice(1), options)
  return { code: signal ? 137 : status, log: stdout + stderr }
}

/** Below an uncaught error's own frames Node shows how it was entered, which differs by necessity. */
const withoutEntry = (log: string): string => log.replace(/^ {4}at .*node:internal.*\n/gm, '')

const REPORT = `console.log(JSON.stringify({
  argv: process.argv, cwd: process.cwd(), env: process.env, execArgv: process.execArgv, send: typeof process.send,
}))\n`

const PROGRAMS = {
  'an ES module': ['a.mjs', `console.log(import.meta.url, import.meta.filename, process.argv)\n${REPORT}`],
  'a CommonJS module, which is the main one': [
    'a.cjs',
    `console.log(require.main === module, module.id, __filename, module.paths.length)\n${REPORT}`,
  ],
  'a file without a type, by its package': ['a.js', `console.log(typeof require)\n${REPORT}`],
  'top-level await': ['a.mjs', 'await new Promise(done => setTimeout(done, 5))\nconsole.log("after")\n'],
  'an await that never ends': ['a.mjs', 'console.log("before")\nawait new Promise(() => {})\n'],
  'an exit code': ['a.cjs', 'process.exitCode = 3\n'],
  'an exit': ['a.mjs', 'process.on("exit", code => console.log("bye", code))\nprocess.exit(9)\n'],
  'an empty file': ['a.mjs', ''],
  'order of output': ['a.cjs', 'console.log(1)\nconsole.error(2)\nprocess.stdout.write("3\\n")\n'],
  'stdin is empty': ['a.cjs', 'process.stdin.on("data", d => console.log(d)).on("end", () => console.log("end"))\n'],
} as const

describe('as plain Node does', () => {
  test.each(Object.entries(PROGRAMS))('%s', async (_, [name, text]) => {
    const file = write(name, text)
    const argv = ['node', file, 'one', '--two=3']
    const env = { GREETING: 'hällo wörld', TZ: 'Asia/Tokyo' }
    const expected = cold(argv, env)
    const { code, log } = await warm(argv, env)
    expect({ code, log }).toEqual({ ...expected, log: expect.any(String) })
    expect(log.split('\n').sort()).toEqual(expected.log.split('\n').sort())
  })

  test('a path relative to the working directory', async () => {
    writeFileSync(join(bed.stateDir, 'relative.cjs'), 'console.log(process.argv[1], __dirname)\n')
    expect(await warm(['node', 'relative.cjs'])).toMatchObject(cold(['node', 'relative.cjs']))
  })

  test('a bundled TypeScript file', async () => {
    const source = write(
      'main.ts',
      'const n: number = 41\nexport const answer = n + 1\nconsole.log(answer, import.meta.url)\n',
    )
    const file = source.replace('.ts', '.mjs')
    await build({
      entryPoints: [source],
      outfile: file,
      bundle: true,
      format: 'esm',
      platform: 'node',
      sourcemap: 'inline',
    })
    expect(await warm(['node', file])).toMatchObject(cold(['node', file]))
  })
})

const FAILURES = {
  'thrown in an ES module': ['a.mjs', 'console.log("x")\nfunction f() { throw new TypeError("no") }\nf()\n'],
  'thrown in a CommonJS module': ['a.cjs', 'function f() { throw new TypeError("no") }\n\nf()\n'],
  'thrown later': ['a.cjs', 'setTimeout(() => { throw new Error("late") }, 1)\n'],
  'a rejection': ['a.mjs', 'Promise.reject(new Error("rejected"))\n'],
  'no error at all': ['a.cjs', 'throw { why: "an object" }\n'],
  'wrong syntax': ['a.cjs', 'const = 1\n'],
  'a missing module': ['a.mjs', 'import "./nowhere.mjs"\n'],
} as const

describe('an uncaught error is printed as by plain Node', () => {
  test.each(Object.entries(FAILURES))('%s', async (_, [name, text]) => {
    const file = write(name, text)
    const expected = cold(['node', file])
    const found = await warm(['node', file])
    expect(found.code).toBe(expected.code)
    expect(withoutEntry(found.log)).toBe(withoutEntry(expected.log))
    expect(found.log).not.toContain('warm')
  })

  test('a missing file', async () => {
    const found = await warm(['node', '/nowhere/at-all.js'])
    expect(found.code).toBe(1)
    expect(found.log).toContain("Cannot find module '/nowhere/at-all.js'")
  })
})

test('a program that was loaded ahead gets its arguments, and its result is the exit code', async () => {
  expect(await warm(['greet', 'you', 'there'])).toMatchObject({ code: 5, log: 'hello you there\n' })
})

test('the end is in the record, as for any container', async () => {
  const { record } = await warm(['node', write('a.cjs', 'process.exit(4)\n')])
  expect(record).toMatch(/^exited 4$/m)
})
