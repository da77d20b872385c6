/**
 * How long the plan explorer computes in a real Chromium: `node scripts/run-ts.js bench/planner/browser.ts [RUNS]`. What a question takes in
 * the page's worker until the plan and its front are there, and with all explanations, as the page tells it; each run in a fresh page.
 */
import { launchBrowser, startDashboard } from '../../test/web/browser.ts'
import { type Measured, report } from '../harness/report.ts'

const QUESTIONS = {
  'Llama 3.1 8B on 64 H100': '#model=llama-3.1-8b&fleet=h100&count=64&seq=8192&batch=512&precision=bf16',
  'Mixtral 8x7B on 64 H100': '#model=mixtral-8x7b&fleet=h100&count=64&seq=4096&batch=1024&precision=bf16',
  'Llama 3.1 405B on 16,384 H100': '#model=llama-3.1-405b&fleet=h100&count=16384&seq=8192&batch=2048&precision=bf16',
  'DeepSeek-V3 on 2,048 H100': '#model=deepseek-v3&fleet=h100&count=2048&seq=4096&batch=15360&precision=bf16',
} as const

const runs = Number(process.argv[2] ?? 3)
const dashboard = await startDashboard()
const browser = await launchBrowser()
try {
  const rows: Measured[] = []
  for (const [what, question] of Object.entries(QUESTIONS)) {
    const whole: number[] = []
    const front: number[] = []
    for (let run = 0; run < runs; run++) {
      const page = await browser.newPage()
      await page.goto(`${dashboard.url}${question}`)
      const headline = page.getByTestId('headline')
      await headline.waitFor({ timeout: 300_000 })
      const seconds = async (name: string): Promise<number> => Number(await headline.getAttribute(name)) / 1000
      front.push(await seconds('data-front-milliseconds'))
      whole.push(await seconds('data-milliseconds'))
      await page.close()
    }
    rows.push({ what: `${what}: plan and front`, unit: 's', values: front, bar: { at: 'most', value: 1 } })
    rows.push({ what: `${what}: everything told`, unit: 's', values: whole })
  }
  report('planner-browser', rows, { runs, browser: browser.version() })
} finally {
  await browser.close()
  await dashboard.stop()
}
