/** A real Chromium and the dashboard that `solvent dashboard` serves, for tests and benchmarks of the pages. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type Browser, chromium } from 'playwright-core'

const repository = resolve(import.meta.dirname, '../..')

export function launchBrowser(): Promise<Browser> {
  const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
    path => path && existsSync(path),
  )
  const quiet = ['--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  // Root has no sandbox of Chromium's; the pages are our own.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath, args: [...quiet, ...sandbox, '--no-first-run', '--disable-quic'] })
}

export interface Dashboard {
  readonly url: string
  stop(): Promise<number | null>
}

export async function startDashboard(): Promise<Dashboard> {
  const child = spawn(process.execPath, [join(repository, 'bin/solvent.js'), 'dashboard', '--no-open', '-o', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<number | null>(done => child.on('exit', done))
  const [line] = await Promise.race([
    createInterface({ input: child.stdout })
      [Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [value as string]),
    exited.then(code => Promise.reject(new Error(`solvent dashboard exited ${code}`))),
  ])
  const { url } = JSON.parse(line!) as { url: string }
  return {
    url,
    stop: () => {
      child.kill('SIGINT')
      return exited
    },
  }
}
