/** `solvent init`: a first declaration, its code and, for a batch job, a text to count. Overwrites nothing. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { TEMPLATES } from '../templates.ts'

export async function run({ args, flags, terminal }: Invocation): Promise<number> {
  if (args.length > 1) throw usageError('init takes one folder')
  const folder = args[0] ?? '.'
  const template = TEMPLATES[(flags.text('template') ?? 'batch') as keyof typeof TEMPLATES]
  const files = Object.entries(template.files)
  const present = files.filter(([name]) => existsSync(join(folder, name))).map(([name]) => join(folder, name))
  if (present.length > 0) {
    const verb = present.length === 1 ? 'exists' : 'exist'
    throw new Exit(
      EXIT.error,
      `${present.join(', ')} ${verb} already. Nothing was written; name another folder: solvent init FOLDER`,
    )
  }
  for (const [name, text] of files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    terminal.print(`wrote ${path}`)
  }
  const job = join(folder, 'job.yaml')
  terminal.note(`\n${template.what}\nNext: solvent plan ${job}, then solvent run ${job}`)
  terminal.note('Here it runs as processes of this machine, with your rights and without isolation by an image.')
  return EXIT.ok
}
