/** What is left of the gradients' exchange when computation hides what it can. */
import { expect, test } from 'vitest'
import { bucketsOf } from './buckets.ts'
import { exposedDataSeconds } from './exposed-data-seconds.ts'
import { boxes } from './measured-machines.test-data.ts'
import { ncclProcessors, processorsTaken } from './processors-taken.ts'

const exchange = {
  communicationSeconds: 0.2,
  hidingSeconds: 0.15,
  chunks: 1,
  turn: 1,
  buckets: 20,
  ranks: 64,
  doublingSeconds: 1e-4,
}

test.each([
  ['what computation does not cover is exposed', {}, 0.05 + 6e-4],
  ['the last bucket always is', { hidingSeconds: 9 }, 0.01 + 6e-4],
  ['nothing hides the exchange of software that waits', { hidingSeconds: 0 }, 0.2 + 6e-4],
  ['a rank alone has nothing to exchange', { ranks: 1 }, 0],
  ['all but the last of interleaved chunks travel during the turns of others', { chunks: 5, turn: 8 }, 0.01 + 6e-4],
  ['of the last chunk to finish its last micro-batch hides', { chunks: 2, turn: 8, hidingSeconds: 0.1 }, 0.05 + 6e-4],
  ['a doubling of ranks adds its latency', { ranks: 128 }, 0.05 + 7e-4],
])('%s', (_, change, expected) => expect(exposedDataSeconds({ ...exchange, ...change })).toBeCloseTo(expected, 9))

test('communication takes processors: what its library is given, or one a channel', () => {
  const pool = boxes('H100').pools[0]!
  expect(processorsTaken('deepep', pool)).toBe(20)
  expect(processorsTaken('hybridep', pool)).toBe(16)
  expect(processorsTaken('alltoall', pool)).toBe(ncclProcessors('all-to-all', pool))
  expect(ncclProcessors('all-gather', pool)).toBeGreaterThan(ncclProcessors('all-gather', boxes('A100').pools[0]!))
  expect(ncclProcessors('send', pool)).toBeLessThan(ncclProcessors('all-gather', pool))
})

test.each([
  [30e6, 64, 1],
  [8e9, 8, 200],
  [8e9, 1000, 8],
])('%d gradients over %i ranks travel in %i buckets', (elements, ranks, buckets) =>
  expect(bucketsOf(elements, ranks)).toBe(buckets),
)
