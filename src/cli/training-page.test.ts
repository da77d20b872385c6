/** `solvent plan` of jobs with a model, as it is typed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChromeTrace } from '../planner/schedule/chrome-trace.ts'
import { main } from './main.ts'
import { styleOf, type Terminal } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'plan-page-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string): string => join(folder, name)

const CONFIG = {
  model_type: 'llama',
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 8,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  vocab_size: 32_000,
  tie_word_embeddings: false,
}

const declaration = (spec: string): string => `apiVersion: solvent.dev/v1alpha1
kind: TrainingJob
metadata: { name: small }
spec:
  model: { huggingface: ./config.json }
  data: { sequenceLength: 2048, globalBatch: 32, tokens: 1.0e9 }
  framework: { command: [python3, train.py] }
${spec}`

beforeAll(() => {
  writeFileSync(at('config.json'), JSON.stringify(CONFIG))
  writeFileSync(at('job.yaml'), declaration('  fleet: h100x8\n  parallelism: auto\n'))
  writeFileSync(at('tensor.yaml'), declaration('  fleet: h100x8\n  parallelism: { tensor: 2 }\n'))
  writeFileSync(
    at('absent.yaml'),
    declaration('  fleet: h100x8\n  parallelism: auto\n').replace('config.json', 'none.json'),
  )
})

async function solvent(...argv: string[]): Promise<{ code: number; out: string; notes: string }> {
  const out: string[] = []
  const notes: string[] = []
  const plain = styleOf(false)
  const terminal: Terminal = {
    print: line => void out.push(`${line}\n`),
    write: async bytes => void out.push(Buffer.from(bytes).toString()),
    note: line => void notes.push(`${line}\n`),
    writeNote: text => void notes.push(text),
    live: false,
    columns: 100,
    style: plain,
    noteStyle: plain,
  }
  const code = await main([...argv, '--state', at('state')], terminal)
  return { code, out: out.join(''), notes: notes.join('').replaceAll(folder, '') }
}

test('the page says the plan, its step, its memory and why', async () => {
  const { code, out } = await solvent('plan', at('job.yaml'))
  expect(code).toBe(0)
  for (const word of ['TrainingJob small', 'h100', 'Where the step goes', 'What fills the memory', 'What was searched'])
    expect(out.toLowerCase()).toContain(word.toLowerCase())
})

test('as data it is the plan, with the analysis below', async () => {
  const { out } = await solvent('plan', at('job.yaml'), '-o', 'json')
  const plan = JSON.parse(out)
  expect(plan).toMatchObject({ kind: 'TrainingJob', version: 1, name: 'small', ranks: 8, pods: 1, ranksPerPod: 8 })
  expect(plan.expected.stepSeconds).toBeCloseTo(plan.analysis.best.stepSeconds)
  expect(plan.analysis.plan).toBeUndefined()
})

test('what was fixed is kept', async () => {
  const { out } = await solvent('plan', at('tensor.yaml'), '-o', 'json')
  expect(JSON.parse(out).degrees.tensor).toBe(2)
})

test('what if, beside the plan', async () => {
  const { out } = await solvent('plan', at('job.yaml'), '--what-if', 'batch=2x')
  expect(out).toContain('batch=2x')
  expect(out).toContain('Where the difference is')
  expect(await solvent('plan', at('job.yaml'), '--what-if', 'precision=fp9')).toMatchObject({ code: 2 })
})

test('two files side by side', async () => {
  const { out, code } = await solvent('plan', '--compare', at('job.yaml'), at('tensor.yaml'))
  expect(code).toBe(0)
  expect(out).toContain('tensor.yaml')
  expect((await solvent('plan', '--compare', at('job.yaml'))).notes).toContain('--compare wants two files, not 1')
})

test('one step as a trace', async () => {
  const { notes } = await solvent('plan', at('job.yaml'), '--trace', at('trace.json'))
  expect(notes).toContain('/trace.json: open it in ui.perfetto.dev')
  const { traceEvents } = JSON.parse(readFileSync(at('trace.json'), 'utf8')) as ChromeTrace
  expect(traceEvents.filter(({ ph }) => ph === 'X').length).toBeGreaterThanOrEqual(4)
})

test('a measured step corrects later plans, until it is forgotten', async () => {
  const step = async (...flags: string[]): Promise<number> =>
    JSON.parse((await solvent('plan', at('job.yaml'), '-o', 'json', ...flags)).out).analysis.best.stepSeconds
  const predicted = await step()
  writeFileSync(at('steps.json'), JSON.stringify({ stepSeconds: predicted * 1.2 }))
  const corrected = await step('--measured', at('steps.json'))
  expect(corrected / predicted).toBeGreaterThan(1.1)
  expect(await step()).toBe(corrected)
  expect((await solvent('plan', at('job.yaml'))).out).toContain('slower than predicted (forget: --measured none)')
  expect(await step('--measured', 'none')).toBe(predicted)
  expect(await step()).toBe(predicted)
})

test('a config that is not there is told at its place', async () => {
  expect(await solvent('plan', at('absent.yaml'))).toMatchObject({
    code: 2,
    notes:
      'error: /absent.yaml:5:25 spec.model.huggingface.file names /none.json, but there is no such file. A path is relative to the YAML file.\n',
  })
})

test('what is wrong with the config is told where the file names it', async () => {
  const { hidden_size: _, ...rest } = CONFIG
  writeFileSync(at('lacking.json'), JSON.stringify(rest))
  writeFileSync(at('lacking.yaml'), readFileSync(at('job.yaml'), 'utf8').replace('config.json', 'lacking.json'))
  const { notes, code } = await solvent('plan', at('lacking.yaml'))
  expect(code).toBe(2)
  expect(notes).toContain('/lacking.yaml:5:25 hidden_size is missing')
})

test('the plan as configuration of a framework is one that the framework can run', async () => {
  const megatron = await solvent('compile', at('job.yaml'), '--for', 'megatron')
  expect(megatron.out).toContain('--num-layers 8')
  expect(megatron.notes).toContain('Yours to add')
  expect(await solvent('compile', at('job.yaml'), '--for', 'torchtitan')).toMatchObject({ code: 0 })
  expect(await solvent('compile', at('job.yaml'), '--for', 'deepspeed')).toMatchObject({ code: 0 })
  expect(await solvent('compile', at('job.yaml'), '--for', 'accelerate')).toMatchObject({ code: 0 })
})
