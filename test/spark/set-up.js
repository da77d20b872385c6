/**
 * Gets what the Spark tests need, once a machine: Spark itself out of PyPI's pyspark (its source archive holds all of Spark, the Kubernetes
 * backend too; it is unpacked, not installed) and, where root may install it, a Java runtime. A machine without Java or Python goes
 * without: the tests are skipped, and say so.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const requirements = join(import.meta.dirname, 'requirements.txt')
const [, version, sha256] = /pyspark==(\S+) --hash=sha256:(\S+)/.exec(readFileSync(requirements, 'utf8')) ?? []
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'solvent/spark')
const folder = join(cache, `pyspark-${version}`)
const archive = `${folder}.tar.gz`
const has = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0
const run = (program, args) => execFileSync(program, args, { stdio: 'inherit' })

if (javaVersion() < 17) {
  if (process.getuid?.() === 0 && has('apt-get', '--version')) {
    console.log('Spark needs Java 17 or newer: installing default-jre-headless ...')
    run('apt-get', ['update', '-qq'])
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'default-jre-headless'])
  } else console.log('There is no Java 17 or newer here, and we may not install it: the Spark tests will be skipped.')
}

if (!has('python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 10))')) {
  console.log('There is no Python 3.10 or newer here: the Spark tests will be skipped.')
} else if (!existsSync(folder)) {
  mkdirSync(cache, { recursive: true })
  if (!(await isWhole())) download()
  console.log('unpacking ...')
  const unpacked = join(cache, 'unpacked')
  rmSync(unpacked, { recursive: true, force: true })
  mkdirSync(unpacked)
  run('tar', ['xzf', archive, '-C', unpacked])
  renameSync(join(unpacked, `pyspark-${version}`), folder)
  rmSync(unpacked, { recursive: true })
  rmSync(archive)
}

/** 0 where there is none. */
function javaVersion() {
  const { JAVA_HOME } = process.env
  const { stderr } = spawnSync(JAVA_HOME ? join(JAVA_HOME, 'bin/java') : 'java', ['-version'], { encoding: 'utf8' })
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0)
}

/** What was downloaded before, by us or by hand. */
async function isWhole() {
  if (!existsSync(archive)) return false
  const hash = createHash('sha256')
  await pipeline(createReadStream(archive), hash)
  return hash.digest('hex') === sha256
}

/** pip takes the hash from the file, and says how far it is. */
function download() {
  console.log(`downloading Spark ${version}, 456 MB, about a minute ...`)
  const options = ['--disable-pip-version-check', '--no-deps', '--no-binary', 'pyspark', '--require-hashes']
  run('python3', ['-m', 'pip', 'download', ...options, '-d', cache, '-r', requirements])
}
