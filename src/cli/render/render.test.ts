import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import type { Event } from '../../kube/core.ts'
import { describedEventRow, eventRow } from './events.ts'
import { placeText } from './places.ts'
import { alignedLine, alignedLines, tableText, widthsOf } from './table.ts'
import { unifiedDiff } from './unified-diff.ts'

const table = {
  kind: 'Table',
  columnDefinitions: [{ name: 'Name' }, { name: 'Status' }, { name: 'Node', priority: 1 }],
  rows: [
    { cells: ['a', 'Running', 'n1'], object: { metadata: { namespace: 'x', labels: { app: 'web', tier: 'b' } } } },
    { cells: ['long-name', null, 'n2'], object: { metadata: { namespace: 'y' } } },
  ],
}

test('a table has upper-case titles, three blanks between columns, and no wide columns', () => {
  expect(alignedLines(tableText(table, {}))).toEqual([
    'NAME        STATUS',
    'a           Running',
    'long-name   <none>',
  ])
})

test('wide, namespaces, labels and a prefix add what they say', () => {
  const options = { wide: true, namespaces: true, labels: true, prefix: 'pod/' }
  expect(alignedLines(tableText(table, options))).toEqual([
    'NAMESPACE   NAME            STATUS    NODE   LABELS',
    'x           pod/a           Running   n1     app=web,tier=b',
    'y           pod/long-name   <none>    n2     <none>',
  ])
})

test('widths never shrink, and colour takes no room', () => {
  const widths = widthsOf([['a', 'b']], [4, 1])
  expect(widths).toEqual([4, 1])
  expect(alignedLine(['a', 'b'], widths, cell => `<${cell}>`)).toBe('<a>      <b>')
})

const event = (more: object): Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e' },
  involvedObject: { kind: 'Pod', name: 'p' },
  type: 'Warning',
  reason: 'Failed',
  message: 'no\n',
  ...more,
})

test('events tell when they were seen last, and how often', () => {
  const now = Date.parse('2026-01-01T00:10:00Z')
  expect(eventRow(event({ lastTimestamp: '2026-01-01T00:09:50Z' }), now)).toEqual([
    '10s',
    'Warning',
    'Failed',
    'Pod/p',
    'no',
  ])
  const often = { firstTimestamp: '2026-01-01T00:07:00Z', lastTimestamp: '2026-01-01T00:09:00Z', count: 4 }
  const from = { source: { component: 'scheduler' } }
  expect(describedEventRow(event({ ...often, ...from }), now)).toEqual([
    'Warning',
    'Failed',
    '60s (x4 over 3m)',
    'scheduler',
    'no',
  ])
  const modern = { eventTime: '2026-01-01T00:09:58.000000Z', reportingComponent: 'node' }
  expect(describedEventRow(event(modern), now).slice(2, 4)).toEqual(['2s', 'node'])
})

test('places near the folder are relative, others are not, and lines and columns stay', () => {
  const uri = (path: string) => pathToFileURL(path).href
  expect(placeText(`${uri('/home/me/job/map.ts')}:12:9`, '/home/me/job')).toBe('map.ts:12:9')
  expect(placeText(uri('/home/me/job/out/'), '/home/me/job')).toBe('out/')
  expect(placeText(uri('/home/me/data/a b.txt'), '/home/me/job')).toBe('../data/a b.txt')
  expect(placeText(`${uri('/data/a.txt')}:3`, '/home/me/job')).toBe('/data/a.txt:3')
  expect(placeText('file:///home/me/job/b%3F*.txt', '/home/me/job')).toBe('b?*.txt')
  expect(placeText('s3://bucket/x', '/home/me/job')).toBe('s3://bucket/x')
})

test('a diff shows what changed with three lines around it', () => {
  const before = 'a\nb\nc\nd\ne\nf\ng\nh\ni\n'
  expect(unifiedDiff(before, before, 'x')).toEqual([])
  expect(unifiedDiff(before, before.replace('e\n', 'E\nE2\n'), 'x')).toEqual([
    '--- live/x',
    '+++ declared/x',
    '@@ -2,7 +2,8 @@',
    ' b',
    ' c',
    ' d',
    '-e',
    '+E',
    '+E2',
    ' f',
    ' g',
    ' h',
  ])
})

test('what is new is all added, and changes far apart are shown apart', () => {
  expect(unifiedDiff('', 'a\nb\n', 'x')).toEqual(['--- live/x', '+++ declared/x', '@@ -0,0 +1,2 @@', '+a', '+b'])
  const lines = Array.from({ length: 20 }, (_, i) => `${i}`)
  const changed = lines.with(1, 'one').with(18, 'eighteen')
  const hunks = unifiedDiff(lines.join('\n'), changed.join('\n'), 'x').filter(line => line.startsWith('@@'))
  expect(hunks).toEqual(['@@ -1,5 +1,5 @@', '@@ -16,5 +16,5 @@'])
})
