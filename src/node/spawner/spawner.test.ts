/** The spawner as its clients meet it: real processes, and real kills of everything that can be killed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { createTestbed, type StartedProcess, type Testbed, until } from '../testbed.ts'
import { parseArguments, wordsForParts } from './arguments.ts'
import { parseRecord, readRecord } from './container-record.ts'
import { launchSpawner } from './launch.ts'
import { lockOwner, takeLock } from './lock.ts'
import { claimPart, livingPart, livingParts } from './part-record.ts'
import { restartDelayMs, supervisePart } from './part-supervisor.ts'
import { isAlive, sendSignal, startTimeOf } from './process-identity.ts'
import { socketPath } from './socket-path.ts'
import { connectSpawner } from './spawner-client.ts'

const sh = (script: string): readonly string[] => ['sh', '-c', script]
const lives = (pid: number): boolean => startTimeOf(pid) !== undefined

/** Number of a process that the started one has printed. */
async function printedPid(process: StartedProcess): Promise<number> {
  await until(() => /^\d+\n/.test(process.log()))
  return Number(process.log().split('\n')[0])
}

describe('a spawner', () => {
  let bed: Testbed
  beforeAll(async () => {
    bed = await createTestbed()
  })
  afterAll(() => bed.dispose())

  test.each([
    ['true', 0, ''],
    ['echo out; echo err >&2; exit 7', 7, 'out\nerr\n'],
    ['kill -TERM $$', 143, ''],
    ['kill -9 $$', 137, ''],
    ['kill -INT $$', 130, ''],
  ])('runs %j to its end', async (script, code, log) => {
    const process = await bed.start(sh(script))
    expect((await process.ended).code).toBe(code)
    expect(process.log()).toBe(log)
    expect(readRecord(process.folder)).toMatchObject({ exitCode: code, wrapper: { pid: process.pid } })
  })

  test('gives a command its arguments and variables as they are, and nothing else', async () => {
    const process = await bed.start(
      [
        globalThis.process.execPath,
        '-p',
        'JSON.stringify([process.argv.slice(1), process.env.A, process.env.HOME])',
        '',
        ' a "b"\n$C',
      ],
      { A: "it's" },
    )
    await process.ended
    expect(JSON.parse(process.log())).toEqual([['', ' a "b"\n$C'], "it's", null])
  })

  test('kills what a container leaves behind', async () => {
    const process = await bed.start(sh('sleep 1000 & echo $!; exit 0'))
    await process.ended
    const left = await printedPid(process)
    await until(() => !lives(left))
  })

  test('signals a whole group; the wrapper outlives it and writes the end down', async () => {
    const process = await bed.start(sh('trap "echo caught; exit 5" TERM; echo $$; sleep 1000 & wait'))
    await printedPid(process)
    await bed.spawner.signal(process.folder, 'SIGTERM')
    expect((await process.ended).code).toBe(5)
    expect(readRecord(process.folder)?.exitCode).toBe(5)
    expect(await bed.spawner.signal(process.folder, 'SIGTERM')).toBe(false)
  })

  test('a killed wrapper takes its container with it', async () => {
    const process = await bed.start(sh('echo $$; sleep 1000'))
    const inner = await printedPid(process)
    sendSignal(process.pid, 'SIGKILL')
    expect((await process.ended).code).toBe(137)
    await until(() => !lives(inner))
  })

  test('a program that is not there, a folder that is not there', async () => {
    expect((await (await bed.start(['/no/such/program'])).ended).code).toBe(127)
    const what = { process: 'x', argv: ['true'], env: {}, cwd: '/', enter: [], folder: '/no/such/folder' }
    await expect(bed.spawner.start(what, () => {})).rejects.toThrow('ENOENT')
    await expect(bed.spawner.start({ ...what, folder: bed.stateDir, enter: ['/no/enter'] }, () => {})).rejects.toThrow(
      '/no/enter',
    )
  })

  test('runs commands of the host', async () => {
    expect(await bed.spawner.run(['sh', '-c', 'cat; echo e >&2; exit 3'], { stdin: 'in' })).toEqual({
      code: 3,
      stdout: 'in',
      stderr: 'e\n',
    })
    expect((await bed.spawner.run(['no-such-command'])).code).toBe(127)
    expect((await bed.spawner.run(['sleep', '100'], { timeoutMs: 50 })).code).toBe(124)
  })

  test('hands a line to a process that listens', async () => {
    const folder = join(bed.stateDir, 'listener')
    mkdirSync(folder)
    let end = (): void => {}
    const ended = new Promise<void>(resolve => {
      end = resolve
    })
    let isReady = (): void => {}
    const listening = new Promise<void>(resolve => {
      isReady = resolve
    })
    const argv = sh('echo >&4; read -r line <&4; echo "got $line"')
    const what = {
      process: 'listener',
      argv,
      env: { PATH: process.env.PATH ?? '' },
      cwd: '/',
      enter: [],
      folder,
      listens: true,
    }
    await bed.spawner.start(what, end, isReady)
    await listening
    await bed.spawner.handOver('listener', 'hello there', folder)
    await ended
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('got hello there\n')
  })

  test('tells what it has', async () => {
    const process = await bed.start(['sleep', '1000'])
    const { processes, pid } = await bed.spawner.list()
    expect(pid).toBe(bed.spawner.pid)
    expect(processes.map(each => each.pid)).toContain(process.pid)
    await bed.spawner.signal(process.folder, 'SIGKILL')
    await process.ended
  })

  test('a second one for the same folder ends by itself', async () => {
    const pid = launchSpawner({ stateDir: bed.stateDir, words: ['--no-server'], program: bed.programs.spawner })
    await until(() => !lives(pid!))
    expect((await bed.spawner.list()).pid).not.toBe(pid)
  })

  test('is started again when it was killed, and knows its processes', async () => {
    const long = await bed.start(sh('echo $$; sleep 1000'))
    const go = join(bed.stateDir, 'go')
    const short = await bed.start(sh(`while [ ! -e ${go} ]; do sleep 0.02; done; exit 4`))
    const killed = bed.spawner.pid!
    const replaced = new Promise<number>(resolve => bed.spawner.onReplaced(resolve))
    sendSignal(killed, 'SIGKILL')
    writeFileSync(go, '')
    expect(await replaced).not.toBe(killed)
    expect((await short.ended).code).toBe(4)
    expect(lives(await printedPid(long))).toBe(true)
    expect((await (await bed.start(['true'])).ended).code).toBe(0)
    await bed.spawner.signal(long.folder, 'SIGKILL')
    expect((await long.ended).code).toBe(137)
  })

  test('what is asked while it is away is done', async () => {
    sendSignal(bed.spawner.pid!, 'SIGKILL')
    const process = await bed.start(sh('exit 6'))
    expect((await process.ended).code).toBe(6)
  })
})

describe('left alone', () => {
  let bed: Testbed
  beforeEach(async () => {
    bed = await createTestbed({ graceSeconds: 1 })
  })
  afterEach(() => bed.dispose())

  test('a spawner without an agent kills its processes and ends', async () => {
    const process = await bed.start(sh('echo $$; sleep 1000'))
    const inner = await printedPid(process)
    const { pid } = bed.spawner
    bed.spawner.close()
    await until(() => !lives(pid!) && !lives(inner) && !lives(process.pid))
    expect(existsSync(socketPath(bed.stateDir))).toBe(false)
    expect(lockOwner(bed.stateDir)).toBeUndefined()
  })

  test('a process that waits to be handed something sees at once that its agent is gone', async () => {
    const folder = join(bed.stateDir, 'waits')
    mkdirSync(folder)
    const env = { PATH: process.env.PATH ?? '' }
    const argv = sh('read -r line <&4 || echo nobody')
    await bed.spawner.start({ process: 'waits', argv, env, cwd: '/', enter: [], folder, listens: true }, () => {})
    bed.spawner.close()
    await until(() => readRecord(folder)?.exitCode !== undefined)
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('nobody\n')
  })

  test('processes without a spawner end, with all that they started', async () => {
    const process = await bed.start(sh('trap "" TERM HUP INT; sleep 1000 & echo $!; wait'))
    const inner = await printedPid(process)
    const { pid } = bed.spawner
    bed.spawner.close()
    sendSignal(pid!, 'SIGKILL')
    await until(() => !lives(inner) && !lives(process.pid))
  })

  test.skipIf(process.platform !== 'linux')('everything killed at once, wrappers and their guards too', async () => {
    const process = await bed.start(sh('echo $$; exec sleep 1000'))
    const inner = await printedPid(process)
    const { pid } = bed.spawner
    bed.spawner.close()
    const guard = childrenOf(process.pid).filter(each => each !== inner)
    for (const each of [pid!, process.pid, ...guard]) sendSignal(each, 'SIGKILL')
    await until(() => !lives(inner))
  })
})

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

describe('the lock', () => {
  test('of a dead owner is taken over, that of a living one is not', async () => {
    const bed = await createTestbed()
    const folder = join(bed.stateDir, 'locked')
    mkdirSync(folder)
    writeFileSync(join(folder, 'lock'), '999999999 1\n')
    const first = takeLock(folder)
    expect(first.ok).toBe(true)
    expect(takeLock(folder)).toMatchObject({ ok: false, owner: { pid: process.pid } })
    if (first.ok) first.release()
    expect(lockOwner(folder)).toBeUndefined()
    // The number of the owner is in use again, by a process that started at another time.
    writeFileSync(join(folder, 'lock'), `${process.pid} another-time\n`)
    expect(takeLock(folder).ok).toBe(true)
    await bed.dispose()
  })
})

describe('the supervisor of a part', () => {
  let bed: Testbed
  let argv: readonly string[]
  let file: string
  const starts = (): readonly string[] => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [])
  beforeEach(async () => {
    bed = await createTestbed()
    file = join(bed.stateDir, 'starts')
    const script = `require('fs').appendFileSync(${JSON.stringify(file)}, process.pid + '\\n'); setInterval(() => {}, 1000)`
    argv = [process.execPath, '-e', script]
  })
  afterEach(() => bed.dispose())

  const supervise = (onFinished?: (code: number) => void, words = argv) =>
    supervisePart({ state: bed.stateDir, part: 'server', argv: words, log: () => {}, onFinished })

  test('starts it again, at first at once', async () => {
    const finished: number[] = []
    const supervisor = supervise(code => finished.push(code))
    supervisor.start()
    await until(() => starts().length === 1)
    expect(livingPart(bed.stateDir, 'server')?.pid).toBe(Number(starts()[0]))
    sendSignal(Number(starts()[0]), 'SIGKILL')
    await until(() => starts().length === 2)
    expect(supervisor.report).toMatchObject({ restarts: 1, lastExitCode: 137, pid: Number(starts()[1]) })
    await supervisor.stop(1000)
    expect(isAlive({ pid: Number(starts()[1]), startTime: '' })).toBe(false)
    expect(livingParts(bed.stateDir).size).toBe(0)
    expect(finished).toEqual([])
  })

  test('takes over one that another spawner started, and starts one where that has ended', async () => {
    const other = await bed.start(['sleep', '1000'])
    expect(claimPart(bed.stateDir, 'server', { pid: other.pid, startTime: startTimeOf(other.pid) ?? '' })).toBe(true)
    expect(claimPart(bed.stateDir, 'server')).toBe(false)
    const supervisor = supervise()
    supervisor.start()
    expect(supervisor.report.pid).toBe(other.pid)
    sendSignal(other.pid, 'SIGKILL')
    await until(() => starts().length === 1)
    await supervisor.stop(1000)
    // What a killed one left names nobody who lives.
    writeFileSync(join(bed.stateDir, 'spawner/part-server'), `${other.pid} 1\n`)
    const second = supervise()
    second.start()
    await until(() => starts().length === 2)
    await second.stop(1000)
  })

  test('a part that another process runs is not run twice: the second one ends and the first is taken over', async () => {
    const supervisor = supervise()
    supervisor.start()
    await until(() => starts().length === 1)
    // Its spawner was killed before it wrote anything down; the part itself has.
    writeFileSync(join(bed.stateDir, 'spawner/part-server'), '999999999 1\n')
    const first = Number(starts()[0])
    const second = supervise()
    expect(claimPart(bed.stateDir, 'server', { pid: first, startTime: startTimeOf(first) ?? '' })).toBe(true)
    second.start()
    expect(second.report.pid).toBe(first)
    await Promise.all([supervisor.stop(1000), second.stop(1000)])
  })

  test.each([0, 78])('lets it end with code %i where it is the one that may', async code => {
    const ended = await new Promise<number>(onFinished => {
      supervise(onFinished, [process.execPath, '-e', `process.exit(${code})`]).start()
    })
    expect(ended).toBe(code)
  })

  test('starts any other one again, whatever its code', async () => {
    const script = `require('fs').appendFileSync(${JSON.stringify(file)}, process.pid + '\\n')`
    const supervisor = supervise(undefined, [process.execPath, '-e', script])
    supervisor.start()
    await until(() => starts().length === 2)
    await supervisor.stop(1000)
  })

  test('waits longer from failure to failure', () => {
    expect([1, 2, 3, 4, 9, 20].map(restartDelayMs)).toEqual([0, 100, 200, 400, 10_000, 10_000])
  })
})

test('a long state folder has its socket elsewhere, always at the same place', () => {
  const long = join(tmpdir(), 'a'.repeat(90), 'state')
  expect(Buffer.byteLength(socketPath(long))).toBeLessThan(100)
  expect(socketPath(long)).toBe(socketPath(long))
  expect(socketPath('/s')).toBe('/s/spawner/socket')
})

test('words say which parts and nodes there are, and reach the parts', () => {
  expect(parseArguments([])).toEqual({ parts: ['server'], nodes: [], graceSeconds: 15, rest: [] })
  const given = parseArguments(['--part', 'server', '--part', 'agent', '--node', 'a-2', '--grace', '3', '--port', '1'])
  expect(given).toEqual({ parts: ['server', 'agent'], nodes: ['a-2'], graceSeconds: 3, rest: ['--port', '1'] })
  expect(wordsForParts(given)).toEqual(['--part', 'server', '--part', 'agent', '--node', 'a-2', '--port', '1'])
  expect(parseArguments(['--no-server']).parts).toEqual([])
})

test('a record counts line by line', () => {
  expect(parseRecord('')).toEqual({})
  expect(parseRecord('pid 5\n')).toEqual({ wrapper: { pid: 5, startTime: '' } })
  expect(parseRecord('pid 5\nstarted 5 77\nexited 3\n')).toEqual({ wrapper: { pid: 5, startTime: '77' }, exitCode: 3 })
  expect(parseRecord('started 5 77\nexited 13')).toEqual({ wrapper: { pid: 5, startTime: '77' } })
})

test('without anybody to start a spawner a client waits for one', async () => {
  const bed = await createTestbed()
  const client = await connectSpawner({ stateDir: bed.stateDir, clock: systemClock, log: () => {} })
  expect(client.pid).toBe(bed.spawner.pid)
  client.close()
  await bed.dispose()
})
