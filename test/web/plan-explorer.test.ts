/** The plan explorer in a real Chromium: what a person sees, what a link says, and that nothing leaves the machine. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Dashboard, launchBrowser, startDashboard } from './browser.ts'

const solvent = resolve(import.meta.dirname, '../../bin/solvent.js')

let browser: Browser
let dashboard: Dashboard
let page: Page
let complaints: string[] = []
let foreign: string[] = []

beforeAll(async () => {
  dashboard = await startDashboard()
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser?.close()
  expect(await dashboard?.stop()).toBe(0)
})

afterEach(async () => {
  await page?.close()
  expect(complaints).toEqual([])
  expect(foreign).toEqual([])
})

async function open(question = ''): Promise<void> {
  ;[complaints, foreign] = [[], []]
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => {
    if (!request.url().startsWith(dashboard.url) && !request.url().startsWith('data:')) foreign.push(request.url())
  })
  await page.goto(`${dashboard.url}${question}`)
  await answered()
}

const answered = (): Promise<void> => page.locator('main[aria-busy=false]').waitFor()

test('the first look has a plan, its parts and pictures, and asks nobody else', async () => {
  await open()
  await page.getByTestId('headline').waitFor()
  for (const title of ['Where the step goes', 'Alternatives', 'Which rank sits where', 'Why this plan']) {
    expect(await page.getByRole('heading', { name: title }).count()).toBe(1)
  }
  expect(await page.locator('svg .point').count()).toBeGreaterThan(20)
  expect(await page.locator('svg .point.chosen').count()).toBe(1)
  for (const picture of ['timeline', 'topology']) expect(await inkOf(picture)).toBeGreaterThan(500)
})

/** Painted pixels of a canvas. */
const inkOf = (testId: string): Promise<number> =>
  page.getByTestId(testId).evaluate(element => {
    const canvas = element as HTMLCanvasElement
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    return data.filter((value, i) => i % 4 === 3 && value > 0).length
  })

test('a link is a question, and going back is the one before', async () => {
  await open('#model=llama-3.1-8b&fleet=h100&count=16&seq=8192&batch=128&precision=bf16')
  const first = (await page.getByTestId('headline').textContent())!
  await page.getByRole('spinbutton', { name: 'Devices' }).fill('32')
  await page.getByRole('spinbutton', { name: 'Devices' }).press('Tab')
  await page.waitForURL(/count=32/)
  await answered()
  expect((await page.getByTestId('headline').textContent())!).not.toBe(first)
  await page.goBack()
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('input[name=devices]')?.value === '16')
  await answered()
  expect(withoutTime((await page.getByTestId('headline').textContent())!)).toBe(withoutTime(first))
})

/** How long the search took differs from run to run; nothing else does. */
const withoutTime = (text: string): string => text.replace(/in \d+ ms/, '')

test('what cannot be is told with its reason and what would work, as by the command line', async () => {
  await open('#model=llama-3.1-8b&fleet=h100&count=16&seq=8192&batch=128&precision=bf16&tensor=6')
  const problems = await page.getByTestId('problems').textContent()
  expect(problems).toMatch(/spec\.parallelism\.tensor is 6.*Use 1, 2, 4/s)
})

test('a config.json of one’s own is planned, and one that lacks a field is told which', async () => {
  await open('#model=own')
  const config = page.getByLabel('Hugging Face config.json')
  await config.fill('{"model_type": "llama", "hidden_size": 2048}')
  await page.getByText('num_hidden_layers').first().waitFor()
  await config.fill(
    JSON.stringify({
      model_type: 'llama',
      hidden_size: 2048,
      num_hidden_layers: 16,
      intermediate_size: 8192,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      vocab_size: 128256,
    }),
  )
  await page.getByTestId('headline').waitFor()
})

test('the browser and the command line choose the same plan to the last digit', async () => {
  await open('#model=mixtral-8x7b&fleet=h100&count=64&seq=4096&batch=1024&precision=bf16')
  const declaration = (await page.locator('pre').textContent())!
  const folder = mkdtempSync(join(tmpdir(), 'solvent-web-'))
  try {
    writeFileSync(join(folder, 'job.yaml'), declaration)
    const plan = JSON.parse(
      execFileSync(process.execPath, [solvent, 'plan', join(folder, 'job.yaml'), '-o', 'json'], { encoding: 'utf8' }),
    )
    const shown = JSON.parse((await page.getByTestId('headline').getAttribute('data-plan'))!)
    expect(shown).toEqual({ layout: plan.layout, stepSeconds: plan.expected.stepSeconds })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('another site cannot read the pages through a name of its own', async () => {
  const status = await new Promise(done =>
    request(dashboard.url, { headers: { host: 'evil.example' } }, reply => done(reply.statusCode)).end(),
  )
  expect(status).toBe(421)
})
