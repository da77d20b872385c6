/** Kubernetes' control plane as one program, built from the published Go modules once for each go.sum: 11 to 18 minutes the first time. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../src/base/package-root.ts'

// Not import.meta: a bundle that another folder's program is part of lies elsewhere.
const HERE = join(packageRoot(), 'test/cluster')
const VERSION = { gitVersion: 'v1.37.2', gitMajor: '1', gitMinor: '37' }

/** Where the programs are; they are built when they are missing. `kubernetes` is the control plane, `judge` the libraries (judge/). */
export async function buildPrograms(): Promise<{ readonly kubernetes: string; readonly judge: string }> {
  const [kubernetes, judge] = [await program('kubernetes'), await program('judge')]
  return { kubernetes, judge }
}

export async function program(name: 'kubernetes' | 'judge'): Promise<string> {
  const hash = createHash('sha256')
  for (const file of ['go.sum', `${name}/main.go`]) hash.update(readFileSync(join(HERE, file)))
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const folder = join(cache, 'solvent', 'kubernetes', hash.digest('hex').slice(0, 16))
  const built = join(folder, name)
  if (existsSync(built)) return built
  mkdirSync(folder, { recursive: true })
  await build(name, `${built}.partial`)
  renameSync(`${built}.partial`, built)
  return built
}

/** Every package that is compiled is named by Go (-v): a line that counts them shows that it goes on. */
async function build(name: string, output: string): Promise<void> {
  const started = Date.now()
  const told = (packages: number): string =>
    `building ${name}: ${packages} packages, ${Math.round((Date.now() - started) / 1000)} s (a first build takes 11 to 18 minutes)`
  const flags = Object.entries(VERSION).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)
  const go = spawn('go', ['build', '-v', '-ldflags', ['-s -w', ...flags].join(' '), '-o', output, `./${name}`], {
    cwd: HERE,
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, GOFLAGS: '-buildvcs=false' },
  })
  let packages = 0
  let tail = ''
  let shown = 0
  go.stderr.setEncoding('utf8').on('data', (text: string) => {
    packages += text.split('\n').length - 1
    tail = (tail + text).slice(-4000)
    if (Date.now() - shown < 5000) return
    shown = Date.now()
    console.error(told(packages))
  })
  const code = await new Promise<number | null>((resolve, reject) => go.on('error', reject).on('close', resolve))
  if (code !== 0) throw new Error(`go build ./${name} failed (is Go 1.26 installed?):\n${tail}`)
  console.error(told(packages))
}
