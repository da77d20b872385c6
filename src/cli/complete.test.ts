import { expect, test } from 'vitest'
import { candidates } from './complete.ts'

const FILES = 0
const NO_FILES = 4

test.each([
  [['de'], ['describe', 'delete'], NO_FILES],
  [['get', 'batch'], ['batchjobs'], NO_FILES],
  [['get', '--out'], ['--output'], NO_FILES],
  [['get', '-o', 'j'], ['json', 'jsonpath='], NO_FILES],
  [['get', '--output=y'], ['yaml'], NO_FILES],
  [['run', ''], [], FILES],
  [['apply', '-f', ''], [], FILES],
  [['completion', ''], ['bash', 'zsh', 'fish'], NO_FILES],
  [['nothing', ''], [], NO_FILES],
  [['help', 'up'], ['up'], NO_FILES],
])('%j may go on with %j', async (words, expected, directive) => {
  expect(await candidates(words)).toEqual({ words: expected, directive })
})
