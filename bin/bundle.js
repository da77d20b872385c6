/**
 * Runs a bundle of dist/ and lets V8 keep what it compiled: the next process takes the bytecode instead of parsing a megabyte (what
 * `module.enableCompileCache` does in Node 22, for the one file that a program of ours is). CommonJS, since Node's module loader takes
 * 20 ms before the first line of an ES module.
 */
const { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { homedir } = require('node:os')
const { basename, dirname, join } = require('node:path')
const vm = require('node:vm')

/** The user's own, as all that is run from it. Node's variable against its own cache counts here too. */
const folder =
  process.env.NODE_DISABLE_COMPILE_CACHE === undefined
    ? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'solvent', 'code')
    : undefined

/** What was kept by a build or a checkout that nobody starts any more goes after a while; at worst one start is slow again. */
const STALE_MS = 7 * 24 * 3_600_000

/**
 * Runs the CommonJS bundle `file`. `purpose` tells runs apart that need different parts of it: each keeps what it compiled. Returns
 * what the bundle exports, and `keep`, to be called when the run has compiled what it needs; it does nothing where that is there already.
 */
function load(file, purpose = '') {
  const { ino, mtimeMs, size } = statSync(file)
  const owner = `${basename(file, '.cjs')}-${purpose}-`
  const cache =
    folder && join(folder, `${owner}${process.version}-${process.arch}-${ino}-${Math.round(mtimeMs)}-${size}`)
  const cachedData = cache && bytesOf(cache)
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`
  const script = new vm.Script(source, { filename: file, cachedData })
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file))
  const isFresh = cachedData !== undefined && !script.cachedDataRejected
  return {
    exports: module.exports,
    keep: () => {
      if (cache && !isFresh) write(owner, cache, script.createCachedData())
    },
  }
}

function bytesOf(file) {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}

/** Whole or not at all. A folder that cannot be written costs the next start a little time. */
function write(owner, file, bytes) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      if (name.startsWith(owner) && Date.now() - statSync(path).mtimeMs > STALE_MS) rmSync(path, { force: true })
    }
    writeFileSync(`${file}.${process.pid}`, bytes, { mode: 0o600 })
    renameSync(`${file}.${process.pid}`, file)
  } catch {}
}

module.exports = { load }
