/**
 * A process that waits to become a container (dist/warm.js): Node is started, both of its module loaders have been used, our own programs
 * are loaded. Arguments: a folder with prime.mjs and prime.cjs, then modules to load. It blocks on descriptor 4; what it reads there (see
 * hand-over.ts) is what it becomes, once. When the other end is gone it ends.
 */
import { closeSync, readSync, writeSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { HandOver } from './warm/hand-over.ts'

const CHANNEL = 4
const CHUNK_BYTES = 65_536
/** Loaded without a file. A variable, so that no bundler looks for it. */
const EMPTY_MODULE: string = 'data:text/javascript,'

async function prime(folder: string, modules: readonly string[]): Promise<void> {
  const require = createRequire(import.meta.url)
  const commonjs = join(folder, 'prime.cjs')
  await import(EMPTY_MODULE)
  await import(pathToFileURL(join(folder, 'prime.mjs')).href)
  require(commonjs)
  delete require.cache[commonjs]
  // A module that cannot be loaded says so when it is to run.
  for (const module of modules) await import(pathToFileURL(module).href).catch(() => {})
}

/** Blocks: nothing else is to happen in this process, and no handle is left behind for what it becomes. */
function waitForHandOver(): HandOver {
  writeSync(CHANNEL, '\n')
  const chunks: Buffer[] = []
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const length = readSync(CHANNEL, chunk)
    if (length === 0) process.exit(0)
    chunks.push(chunk.subarray(0, length))
    if (chunk[length - 1] === 0x0a) break
  }
  closeSync(CHANNEL)
  return JSON.parse(Buffer.concat(chunks).toString()) as HandOver
}

function replaceEnvironment(env: HandOver['env']): void {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
}

/** Node's own entry: what `node FILE` calls, so that a main module is one in every respect. Not in its types. */
const { runMain } = Module as unknown as { readonly runMain: (main: string) => void }

function become({ run, args, env, cwd }: HandOver): void {
  replaceEnvironment(env)
  process.chdir(cwd)
  if ('file' in run) {
    const main = resolve(run.file)
    process.argv = [process.execPath, main, ...args]
    // From a fresh stack, and not through a function of ours: an uncaught error's trace shows none of our files.
    setImmediate(runMain.bind(Module), main)
    return
  }
  process.setSourceMapsEnabled(true)
  process.argv = [process.execPath, run.command, ...args]
  setImmediate(() => void runProgram(run.module, args))
}

async function runProgram(module: string, args: readonly string[]): Promise<void> {
  const { main } = (await import(pathToFileURL(module).href)) as { main(args: readonly string[]): Promise<number> }
  process.exitCode = await main(args)
}

await prime(process.argv[2] ?? '', process.argv.slice(3))
become(waitForHandOver())
