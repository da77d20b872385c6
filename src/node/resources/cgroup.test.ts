/** Files of version 2 are read from a folder that looks like it; version 1 on the machine's own hierarchies, where they can be written. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import type { HostCommands } from '../../base/host-commands.ts'
import type { Pod } from '../../kube/core.ts'
import { type Cgroup, cgroupAt, oneFolder } from './cgroup.ts'
import { createCgroupEnforcement } from './cgroup-enforcement.ts'
import { V2 } from './cgroup-files.ts'
import { candidates, findPlace, notedRoot, type PlaceResult } from './cgroup-place.ts'
import type { Enforcement } from './enforcement.ts'
import { sweepCgroups } from './sweep-cgroups.ts'

const stateDir = mkdtempSync(join(tmpdir(), 'solvent-cgroups-'))
afterAll(() => {
  sweepCgroups(stateDir)
  rmSync(stateDir, { recursive: true, force: true })
})

describe('version 2', () => {
  const folder = join(stateDir, 'v2')
  const group = cgroupAt(V2, oneFolder(folder))
  beforeAll(() => {
    mkdirSync(folder)
    writeFileSync(join(folder, 'cpu.stat'), 'usage_usec 2500000\nuser_usec 1\nsystem_usec 2\n')
    writeFileSync(join(folder, 'memory.current'), '10000\n')
    writeFileSync(join(folder, 'memory.stat'), 'anon 5\ninactive_file 4000\nactive_file 7\n')
    writeFileSync(join(folder, 'memory.events'), 'low 0\noom 3\noom_kill 2\noom_group_kill 1\n')
  })

  test('usage and kills are read from the one folder', () => {
    expect(group.cpuSeconds()).toBe(2.5)
    expect(group.memoryBytes()).toBe(6000)
    expect(group.oomKills()).toBe(2)
    expect(group.joins).toEqual([join(folder, 'cgroup.procs')])
  })

  test('bounds are written', () => {
    group.make('parent')
    expect(group.bound({ cpuShares: 1024, cpuLimit: 0.5, memoryBytes: 1 << 20 })).toEqual([])
    expect(readFileSync(join(folder, 'cpu.max'), 'utf8')).toBe('50000 100000')
    expect(readFileSync(join(folder, 'memory.max'), 'utf8')).toBe('1048576')
    expect(readFileSync(join(folder, 'cgroup.subtree_control'), 'utf8')).toBe('+cpu +memory +pids')
  })
})

test('version 2 is tried before version 1, from the inside outwards', () => {
  const v1 = (['cpu', 'memory'] as const).map(name => ({ controllers: [name], mount: `/cg/${name}`, own: '/me' }))
  const found = candidates({ v1, v2: { controllers: [], mount: '/cg/unified', own: '/a' } }, 'x')
  expect(found.map(({ version, folders }) => `${version} ${folders.memory}`)).toEqual([
    '2 /cg/unified/a/x',
    '2 /cg/unified/x',
    '1 /cg/memory/me/x',
    '1 /cg/memory/x',
  ])
})

const commands: HostCommands = {
  run: argv =>
    new Promise(resolve => {
      const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] })
      let stderr = ''
      child.stderr.on('data', text => {
        stderr += text
      })
      child.on('close', code => resolve({ code: code ?? 1, stdout: '', stderr }))
    }),
}
const place: PlaceResult = await findPlace(stateDir, commands)

describe.skipIf(!place.ok)('on this machine', () => {
  const root = place.ok ? place.root : cgroupAt(V2, {})
  const version = place.ok ? place.version : 2
  let enforcement: Enforcement
  beforeAll(() => {
    enforcement = createCgroupEnforcement({ version, root, clock: systemClock, log: () => {}, onClosed: () => {} })
  })

  const pod = (limits: Record<string, string>): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', resources: { limits } }] },
  })

  /** Runs a script inside a group, as the wrapper has it. */
  function runIn(joins: readonly string[], script: string) {
    const files = joins.map(file => openSync(file, 'w'))
    const words = files.map((_, i) => `echo 0 >&${i + 3}`).join('; ')
    const child = spawn('/bin/sh', ['-c', `(${words}; ${script}); exit $?`], {
      stdio: ['ignore', 'pipe', 'ignore', ...files],
    })
    for (const file of files) closeSync(file)
    return new Promise<{ code: number | null; output: string }>(resolve => {
      let output = ''
      child.stdout?.on('data', text => {
        output += text
      })
      child.on('close', code => resolve({ code, output }))
    })
  }

  test('a process is in its group before it does anything, and what it uses is counted', async () => {
    const group = enforcement.open('counted')
    expect(group.bound(pod({ cpu: '1' }))).toEqual([])
    const container = group.container('c-0')
    expect(container.bound({ name: 'c', resources: { limits: { memory: '100Mi' } } })).toEqual([])
    const { output } = await runIn(container.joins, 'cat /proc/self/cgroup')
    expect(output).toMatch(/memory:.*\/counted\/c-0$/m)
    expect(container.usage()?.cpuSeconds).toBeGreaterThan(0)
    expect(container.wasOutOfMemory()).toBe(false)
    group.remove()
    expect(groupNamed('counted').exists()).toBe(false)
  })

  test('one that needs more memory than its limit is killed, and it is known why', async () => {
    const group = enforcement.open('greedy')
    const container = group.container('c-0')
    container.bound({ name: 'c', resources: { limits: { memory: '20Mi' } } })
    const { code } = await runIn(container.joins, 'x=aaaaaaaa; while :; do x=$x$x; done')
    expect(code).toBe(137)
    expect(container.wasOutOfMemory()).toBe(true)
    group.remove()
  })

  test('a limit that is used already is refused and named', async () => {
    const group = enforcement.open('shrunk')
    const container = group.container('c-0')
    const bounded = (memory: string) => container.bound({ name: 'c', resources: { limits: { memory } } })
    bounded('100Mi')
    let asked: readonly string[] = []
    const script =
      'x=aaaaaaaaaaaaaaaa; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do x=$x$x; done; echo; sleep 0.3'
    const running = runIn(container.joins, script)
    while ((container.usage()?.memoryBytes ?? 0) < 15e6) await new Promise(resolve => setTimeout(resolve, 5))
    asked = bounded('1Mi')
    expect(asked.length).toBeGreaterThan(0)
    expect(bounded('200Mi')).toEqual([])
    await running
    group.remove()
  })

  const groupNamed = (name: string): Cgroup => root.child(name)

  test('what an earlier life left goes, with what runs there, but for what is kept', async () => {
    for (const name of ['old', 'kept']) enforcement.open(name).container('c-0').bound({ name: 'c' })
    const running = runIn(enforcement.open('old').container('c-0').joins, 'sleep 100')
    while (groupNamed('old').processes().length === 0) await new Promise(resolve => setTimeout(resolve, 5))
    enforcement.recover(['kept'])
    expect((await running).code).toBe(137)
    while (groupNamed('old').exists()) await new Promise(resolve => setTimeout(resolve, 5))
    expect(groupNamed('kept').exists()).toBe(true)
  })

  test('the place is found again, and sweeping it leaves nothing', async () => {
    expect(notedRoot(stateDir)?.root.joins).toEqual(root.joins)
    enforcement.open('last').container('c-0').bound({ name: 'c' })
    expect(sweepCgroups(stateDir)).toBe(true)
    expect(root.exists()).toBe(false)
    expect(notedRoot(stateDir)).toBeUndefined()
  })
})
