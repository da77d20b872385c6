/** The one thing that is changed on the machine itself, in a network namespace that stands for it. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HostCommands } from '../base/host-commands.ts'
import { childCommands } from '../node/sandbox/testdata/child-commands.ts'
import { parseNetwork } from './address-range.ts'
import { closeOutside, openOutside, parseTables } from './outside.ts'

let machine: ChildProcess | undefined
let commands: HostCommands = childCommands
let isHere = false

beforeAll(async () => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return
  machine = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; read -r _'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const started = await Promise.race([
    once(machine.stdout!, 'data').then(() => true),
    once(machine, 'exit').then(() => false),
  ])
  const enter = ['nsenter', '--target', String(machine.pid), '--net', '--']
  commands = { run: (argv, options) => childCommands.run([...enter, ...argv], options) }
  isHere = started && (await commands.run(['nft', 'list', 'tables'])).code === 0
})
afterAll(() => machine?.kill('SIGKILL'))

const forwarding = async (): Promise<string> =>
  (await commands.run(['cat', '/proc/sys/net/ipv4/ip_forward'])).stdout.trim()
const tables = async (): Promise<readonly string[]> => {
  const { stdout } = await commands.run(['nft', 'list', 'chains', 'ip'])
  return [...parseTables(stdout)].map(([name, was]) => `${name} was ${was}`)
}
const range = parseNetwork('10.128.0.0/17')!

test('the last cluster that goes puts back what was before the first, in whichever order they go', async context => {
  if (!isHere) context.skip()
  await commands.run(['sh', '-c', 'echo 0 >/proc/sys/net/ipv4/ip_forward'])
  const open = (wire: string) => openOutside({ commands, wire, range })
  const first = await open('slv1')
  // Without a way out the machine that the tests run on has nothing to lend.
  if (first !== undefined) context.skip()
  expect(await forwarding()).toBe('1')
  await open('slv2')
  await open('slv2')
  expect(await tables()).toEqual(['solvent-slv1 was 0', 'solvent-slv2 was 0'])
  await closeOutside({ commands, wire: 'slv1' })
  expect(await forwarding()).toBe('1')
  await closeOutside({ commands, wire: 'slv2' })
  expect(await forwarding()).toBe('0')
  expect(await tables()).toEqual([])
  await closeOutside({ commands, wire: 'slv2' })
})
