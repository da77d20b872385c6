import { expect, test } from 'vitest'
import { jsonPathText } from './json-path.ts'

const value = {
  metadata: { name: 'a', labels: { 'app.kubernetes.io/name': 'x' } },
  status: {
    phase: 'Running',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
  items: [{ n: 1 }, { n: 2 }],
}

test.each([
  ['{.status.phase}', 'Running'],
  ['.status.phase', 'Running'],
  ['status.phase', 'Running'],
  ['{$.metadata.name}', 'a'],
  ['{.status.conditions[?(@.type=="Ready")].status}', 'True'],
  ["{.status.conditions[?(@.type=='Other')].status}", 'False'],
  ['{.items[*].n}', '1 2'],
  ['{.items[-1].n}', '2'],
  ['{.items[9].n}', ''],
  ["{.metadata.labels['app.kubernetes.io/name']}", 'x'],
  ['{.metadata.labels.app\\.kubernetes\\.io/name}', 'x'],
  ['{.metadata.name}={.status.phase}{"\\n"}', 'a=Running\n'],
  ['{.nothing.here}', ''],
  ['{.items[0]}', '{"n":1}'],
])('%s gives %j', (path, expected) => {
  expect(jsonPathText(value, path)).toBe(expected)
})

test('what it does not read is refused', () => {
  expect(() => jsonPathText(value, '{range .items[*]}{.n}{end}')).toThrow('is not a JSONPath that solvent reads')
  expect(() => jsonPathText(value, '{..n}')).toThrow('is not a JSONPath that solvent reads')
})
