import { expect, test } from 'vitest'
import type { Flag } from './flag.ts'
import { parseFlags } from './flags.ts'

const FLAGS: readonly Flag[] = [
  { name: 'output', short: 'o', value: 'FORMAT', choices: ['json', 'yaml', 'jsonpath='], help: '' },
  { name: 'namespace', short: 'n', value: 'NAME', help: '' },
  { name: 'filename', short: 'f', value: 'FILE', repeatable: true, help: '' },
  { name: 'watch', short: 'w', help: '' },
  { name: 'all-namespaces', short: 'A', help: '' },
  { name: 'timeout', value: 'TIME', help: '' },
  { name: 'tail', value: 'LINES', help: '' },
]
const parse = (...argv: string[]) => parseFlags(argv, FLAGS)

test('flags and arguments may stand in any order, and short flags together', () => {
  const { args, flags } = parse('pods', '-wA', 'a', '-n', 'team', '--output=json', '--', '-x')
  expect(args).toEqual(['pods', 'a', '-x'])
  expect([flags.on('watch'), flags.on('all-namespaces'), flags.text('namespace'), flags.text('output')]).toEqual([
    true,
    true,
    'team',
    'json',
  ])
})

test.each([
  ['-nteam', 'team'],
  ['-n=team', 'team'],
  ['--namespace=team', 'team'],
])('%s gives %s', (flag, value) => {
  expect(parse(flag).flags.text('namespace')).toBe(value)
})

test('a file may be standard input, and come several times', () => {
  expect(parse('-f', '-', '-f', 'a.yaml').flags.list('filename')).toEqual(['-', 'a.yaml'])
})

test('a switch may be turned off, and the last one counts', () => {
  expect(parse('-w', '--watch=false').flags.on('watch')).toBe(false)
  expect(parse('-n', 'a', '-n', 'b').flags.text('namespace')).toBe('b')
})

test.each([
  ['30s', 30],
  ['1h30m', 5400],
  ['90', 90],
  ['1.5m', 90],
  ['250ms', 0.25],
  ['-1', Number.POSITIVE_INFINITY],
])('--timeout=%s is %d seconds', (text, seconds) => {
  expect(parse(`--timeout=${text}`).flags.seconds('timeout', 0)).toBe(seconds)
})

test.each([
  [['--nmespace', 'x'], 'there is no flag --nmespace. Did you mean "--namespace"?'],
  [['-z'], 'there is no flag -z'],
  [['-n'], '--namespace needs a value: --namespace NAME'],
  [['-o', 'jsn'], '--output does not take "jsn". Did you mean "json"?'],
  [['-o', 'x'], '--output does not take "x". It takes json, yaml, jsonpath=.'],
  [['--watch=maybe'], '--watch takes no value but "true" or "false", not "maybe"'],
])('%j is refused', (argv, message) => {
  expect(() => parse(...argv)).toThrow(message)
})

test('numbers and times that are none are refused when they are read', () => {
  expect(() => parse('--timeout', 'soon').flags.seconds('timeout', 0)).toThrow(
    '--timeout is a time such as 30s, 5m or 1h30m, not "soon"',
  )
  expect(() => parse('--tail', 'few').flags.count('tail')).toThrow('--tail is a whole number, not "few"')
})

test('a choice that ends in = takes what follows', () => {
  expect(parse('-o', 'jsonpath={.a}').flags.text('output')).toBe('jsonpath={.a}')
})
