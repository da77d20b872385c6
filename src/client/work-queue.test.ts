import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createManualClock } from './manual-clock.ts'
import { createWorkQueue } from './work-queue.ts'

test('a key that waits is there once, and one that is worked on comes again after that', async () => {
  const queue = createWorkQueue({ clock: createManualClock() })
  queue.add('a')
  queue.add('a')
  queue.add('b')
  expect(queue.length).toBe(2)
  expect(await queue.take()).toBe('a')
  queue.add('a')
  queue.add('a')
  expect(await queue.take()).toBe('b')
  expect(queue.length).toBe(0)
  queue.done('a')
  expect(await queue.take()).toBe('a')
})

test('whoever waits is handed the next key at once', async () => {
  const queue = createWorkQueue({ clock: createManualClock() })
  const taken = queue.take()
  queue.add('a')
  expect(await taken).toBe('a')
})

test('failures come back after 5, 10, 20 ms up to the cap, and after 5 again once forgotten', () => {
  const clock = createManualClock()
  const queue = createWorkQueue({ clock, maxDelayMs: 15 })
  const waits: number[] = []
  const failAndWait = async (): Promise<void> => {
    const start = clock.now()
    queue.addRateLimited('a')
    while (queue.length === 0) clock.advance(1)
    waits.push(clock.now() - start)
    void queue.take()
    queue.done('a')
  }
  for (let i = 0; i < 4; i++) void failAndWait()
  queue.forget('a')
  void failAndWait()
  expect(waits).toEqual([5, 10, 15, 15, 5])
})

test('of two delays the earlier one counts', () => {
  const clock = createManualClock()
  const queue = createWorkQueue({ clock })
  queue.addAfter('a', 100)
  queue.addAfter('a', 10)
  queue.addAfter('a', 50)
  clock.advance(10)
  expect(queue.length).toBe(1)
  void queue.take()
  queue.done('a')
  clock.advance(1000)
  expect(queue.length).toBe(0)
})

test('a stopped queue hands out nothing more', async () => {
  const queue = createWorkQueue({ clock: createManualClock() })
  const taken = queue.take()
  queue.stop()
  queue.add('a')
  expect(await taken).toBeUndefined()
  expect(await queue.take()).toBeUndefined()
})

test('no key is ever in two hands, and every added key is worked on after it was added', async () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), kind: fc.constantFrom('add', 'take', 'done') })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
      const queue = createWorkQueue({ clock: createManualClock() })
      const inHand = new Set<string>()
      const owed = new Set<string>()
      for (const { key, kind } of steps) {
        if (kind === 'add') {
          queue.add(key)
          owed.add(key)
        } else if (kind === 'take' && queue.length > 0) {
          const taken = (await queue.take())!
          expect(inHand.has(taken)).toBe(false)
          inHand.add(taken)
          owed.delete(taken)
        } else if (kind === 'done' && inHand.delete(key)) queue.done(key)
      }
      for (const key of inHand) queue.done(key)
      const rest: string[] = []
      while (queue.length > 0) rest.push((await queue.take())!)
      expect(rest.sort()).toEqual([...owed].sort())
    }),
  )
})
