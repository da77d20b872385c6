import { expect, test } from 'vitest'
import { mayColour } from './terminal.ts'

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, false],
  [{ TERM: 'dumb' }, true, false],
])('with %j on a terminal (%s) colour is %s', (env, isTerminal, expected) => {
  expect(mayColour(env, isTerminal)).toBe(expected)
})
