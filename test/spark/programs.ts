/** Where set-up.js left Spark, and what else of this machine runs it; `undefined` where something is missing. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export interface Spark {
  readonly home: string
  /** Variables for whatever starts a JVM or Python of it: what an image of Spark's would have set. */
  readonly env: Readonly<Record<string, string>>
  readonly java: string
}

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'solvent/spark')
const OLDEST_JAVA = 17

export function findSpark(): Spark | undefined {
  const [, version] = /==(\S+)/.exec(readFileSync(join(import.meta.dirname, 'requirements.txt'), 'utf8')) ?? []
  const folder = join(CACHE, `pyspark-${version}`)
  const home = join(folder, 'deps')
  const { JAVA_HOME } = process.env
  const java = JAVA_HOME ? join(JAVA_HOME, 'bin/java') : 'java'
  if (!existsSync(home) || javaVersion(java) < OLDEST_JAVA) return undefined
  const env = {
    SPARK_HOME: home,
    PYTHONPATH: [folder, join(folder, 'lib/py4j-0.10.9.9-src.zip')].join(':'),
    PYSPARK_PYTHON: 'python3',
    ...(JAVA_HOME && { JAVA_HOME }),
  }
  return { home, env, java }
}

/** 0 where there is none. */
function javaVersion(java: string): number {
  const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' })
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0)
}
