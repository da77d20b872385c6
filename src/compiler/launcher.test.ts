/** launcher.sh, run by the machine's own shells: the environment of each rank, failures, signals. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LAUNCHER } from './launcher.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'launcher-'))
  for (const folder of ['etc/solvent/plan', 'etc/solvent/code', 'var/solvent/scratch']) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n10.1.2.3 job-0-0.job.default.svc job-0-0.job\n')
  writeFileSync(join(root, 'etc/solvent/plan/launcher.sh'), LAUNCHER)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** sh is dash, bash or busybox; bash differs most from the first. */
const SHELLS = [['sh'], ['bash', '--posix']].filter(([shell]) => spawnSync(shell!, ['-c', ':']).status === 0)
let shell: readonly string[] = ['sh']

interface Ended {
  readonly code: number | null
  readonly out: readonly string[]
  readonly err: string
}

function launch(
  ranksPerPod: number,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const groupRank = 2
  return spawn(shell[0]!, [...shell.slice(1), join(root, 'etc/solvent/plan/launcher.sh'), ...args], {
    env: {
      PATH: process.env.PATH,
      SOLVENT_ROOT: root,
      MASTER_ADDR: 'job-0-0.job',
      MASTER_PORT: '29500',
      WORLD_SIZE: String(4 * ranksPerPod),
      LOCAL_WORLD_SIZE: String(ranksPerPod),
      GROUP_RANK: String(groupRank),
      GROUP_WORLD_SIZE: '4',
      ...(ranksPerPod === 1 ? { RANK: String(groupRank), LOCAL_RANK: '0' } : {}),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function ended(child: ChildProcess): Promise<Ended> {
  const text = { out: '', err: '' }
  child.stdout!.on('data', chunk => (text.out += chunk))
  child.stderr!.on('data', chunk => (text.err += chunk))
  return new Promise(done =>
    child.on('close', (code, signal) =>
      done({ code: signal ? 128 + 15 : code, out: text.out.split('\n').filter(Boolean).sort(), err: text.err }),
    ),
  )
}

/** Resolves when `count` lines that contain `word` have been printed. */
function printed(child: ChildProcess, word: string, count: number): Promise<void> {
  return new Promise(done => {
    let text = ''
    child.stdout!.on('data', chunk => {
      text += chunk
      if (text.split(word).length > count) done()
    })
  })
}

describe.each(SHELLS)('%s', (...words) => {
  beforeEach(() => {
    shell = words
  })

  test.each([1, 2, 4])('with %d ranks a pod each rank has its own environment', async ranksPerPod => {
    const script =
      'echo "$RANK $LOCAL_RANK $WORLD_SIZE $LOCAL_WORLD_SIZE $GROUP_RANK $MASTER_ADDR:$MASTER_PORT $SOLVENT_PLAN $1"'
    const { code, out, err } = await ended(launch(ranksPerPod, ['sh', '-c', script, 'x', 'an argument']))
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const plan = `${root}/etc/solvent/plan/plan.json`
    expect(out).toEqual(
      Array.from(
        { length: ranksPerPod },
        (_, i) => `${2 * ranksPerPod + i} ${i} ${4 * ranksPerPod} ${ranksPerPod} 2 10.1.2.3:29500 ${plan} an argument`,
      ).sort(),
    )
  })

  test.each([2, 4])(
    'of %d ranks one that fails ends the others, and its code is the code of the pod',
    async ranksPerPod => {
      const script = 'if [ "$LOCAL_RANK" = 1 ]; then exit 7; fi; exec sleep 60'
      const { code, err } = await ended(launch(ranksPerPod, ['sh', '-c', script]))
      expect(code).toBe(7)
      expect(err).toContain(`launcher: rank ${2 * ranksPerPod + 1} ended with code 7; ending the others`)
      expect(err.match(/ending the others/g)).toHaveLength(1)
    },
  )

  test('with one rank the exit code is its own', async () => {
    expect((await ended(launch(1, ['sh', '-c', 'exit 9']))).code).toBe(9)
  })

  test('a command that is not there ends every rank with 127', async () => {
    expect((await ended(launch(2, ['no-such-program']))).code).toBe(127)
  })

  test('a rank that does not listen to TERM is killed after the grace period', async () => {
    const script = 'if [ "$LOCAL_RANK" = 1 ]; then exit 7; fi; trap "" TERM; while :; do sleep 0.1; done'
    const { code } = await ended(launch(2, ['sh', '-c', script], { SOLVENT_GRACE_SECONDS: '1' }))
    expect(code).toBe(7)
  })

  test.each([1, 2, 4])('TERM reaches all of %d ranks, which may end in their own way', async ranksPerPod => {
    const script = 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.05; done'
    const child = launch(ranksPerPod, ['sh', '-c', script])
    const end = ended(child)
    await printed(child, 'ready', ranksPerPod)
    child.kill('SIGTERM')
    const { code, out } = await end
    expect(out.filter(line => line === 'bye')).toHaveLength(ranksPerPod)
    expect(code).toBe(3)
  })

  test('the bundled program is unpacked once and run by node for every rank', async () => {
    const program = 'console.log(process.env.RANK, process.argv.slice(2).join(","))'
    writeFileSync(join(root, 'etc/solvent/code/main.mjs.gz'), gzipSync(program))
    const { code, out, err } = await ended(launch(2, ['--node', '--steps', '3']))
    expect({ code, out, err }).toEqual({ code: 0, out: ['4 --steps,3', '5 --steps,3'], err: '' })
  })

  test('a name that appears late is waited for', async () => {
    writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n')
    const child = launch(1, ['sh', '-c', 'echo "$MASTER_ADDR"'], { MASTER_ADDR: 'late-0.invalid' })
    const end = ended(child)
    writeFileSync(join(root, 'etc/hosts'), '10.9.9.9 late-0.invalid\n')
    expect((await end).out).toEqual(['10.9.9.9'])
  })

  test('a name that never appears is said, and the rank starts all the same', async () => {
    const env = { MASTER_ADDR: 'never.invalid', SOLVENT_RENDEZVOUS_SECONDS: '0' }
    const { out, err } = await ended(launch(1, ['sh', '-c', 'echo "$MASTER_ADDR"'], env))
    expect(out).toEqual(['never.invalid'])
    expect(err).toBe('launcher: never.invalid has no address; starting without\n')
  })

  test('a rank that fails while others are being started ends them all the same', async () => {
    // Were a signal lost, only the grace period would end the others.
    const script = 'if [ "$LOCAL_RANK" = "$1" ]; then exit 7; fi; exec sleep 600'
    for (let i = 0; i < 20; i++) {
      const { code } = await ended(
        launch(4, ['sh', '-c', script, 'x', String(i % 4)], { SOLVENT_GRACE_SECONDS: '600' }),
      )
      expect(code).toBe(7)
    }
  })
})

test('it is POSIX sh', () => {
  expect(() => execFileSync('sh', ['-n', join(root, 'etc/solvent/plan/launcher.sh')])).not.toThrow()
})
