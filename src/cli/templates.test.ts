import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { declaredIn } from './declared.ts'
import { plansOf, thisMachine } from './planned.ts'
import { TEMPLATES } from './templates.ts'

const examples = resolve(import.meta.dirname, '../../examples')
const plan = async (file: string) => {
  const source = { file, text: readFileSync(file, 'utf8') }
  const items = await declaredIn([source], { namespace: 'default', insist: false })
  return plansOf(items, { nodes: [thisMachine()] })
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'template-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test.each(Object.entries(TEMPLATES))(
  'the template %s is right as it is: parsed, bundled, planned',
  async (_, { files }) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    expect(await plan(join(folder, 'job.yaml'))).toHaveLength(1)
  },
)

const declared = readdirSync(examples).filter(name => existsSync(join(examples, name, 'job.yaml')))
test.each(declared)('the example %s is right as it is', async name => {
  expect(await plan(join(examples, name, 'job.yaml'))).toHaveLength(1)
})
