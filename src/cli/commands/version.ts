/** `solvent version`: the version, and with JSON what it runs on. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../base/package-root.ts'
import type { Invocation } from '../command.ts'
import { EXIT } from '../exit.ts'

export async function run({ flags, terminal }: Invocation): Promise<number> {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }
  const { version: node, platform, arch } = process
  if (flags.text('output') === 'json') terminal.print(JSON.stringify({ version, node, platform, arch }))
  else terminal.print(`solvent ${version} (Node ${node}, ${platform} ${arch})`)
  return EXIT.ok
}
