/** Who is told when names change. */
import { expect, test } from 'vitest'
import type { HostsEntry } from './hosts-file.ts'
import { createNameBoard } from './name-board.ts'
import type { Sandbox } from './sandbox.ts'

function sandboxThatNotes(notes: string[], id: string): Sandbox {
  const setHosts = async (hostname: string, entries: readonly HostsEntry[]): Promise<void> => {
    notes.push(`${id} ${hostname} ${entries.flatMap(entry => entry.names).join(',')}`)
  }
  return { id, setHosts } as unknown as Sandbox
}
const named = (name: string): readonly HostsEntry[] => [{ address: '10.0.0.2', names: [name] }]

test('a pod gets the newest names of its namespace at once, and again when they change', async () => {
  const notes: string[] = []
  const board = createNameBoard()
  const [before, after, other] = [named('a'), named('b'), named('x')]
  board.publish(namespace => (namespace === 'ns' ? before : other))
  await board.assign('1', 'ns', 'pod-1', sandboxThatNotes(notes, 's1'))
  await board.assign('2', 'elsewhere', 'pod-2', sandboxThatNotes(notes, 's2'))
  board.publish(namespace => (namespace === 'ns' ? after : other))
  expect(notes).toEqual(['s1 pod-1 a', 's2 pod-2 x', 's1 pod-1 b'])
})

test('a released one is left alone', async () => {
  const notes: string[] = []
  const board = createNameBoard()
  await board.assign('1', 'ns', 'pod-1', sandboxThatNotes(notes, 's1'))
  board.release('1')
  board.publish(() => named('a'))
  expect(notes).toEqual(['s1 pod-1 '])
})

test('a sandbox that cannot be written is told of, and holds up nobody', async () => {
  const notes: string[] = []
  const log: string[] = []
  const board = createNameBoard(message => log.push(message))
  const broken = { id: 'gone', setHosts: async () => {} } as unknown as { setHosts: Sandbox['setHosts'] }
  await board.assign('1', 'ns', 'pod-1', broken as Sandbox)
  broken.setHosts = async () => {
    throw new Error('no such folder')
  }
  await board.assign('2', 'ns', 'pod-2', sandboxThatNotes(notes, 's2'))
  board.publish(() => named('a'))
  await expect.poll(() => log).toEqual(['names of sandbox gone: no such folder'])
  expect(notes.at(-1)).toBe('s2 pod-2 a')
})
