/** `solvent dashboard`: the pages of src/web on this machine's own address, until it is interrupted. */
import { programPath } from '../../base/package-root.ts'
import type { Invocation } from '../command.ts'
import { openBrowser } from '../dashboard/open-browser.ts'
import { servePages } from '../dashboard/page-server.ts'
import { EXIT, usageError } from '../exit.ts'

export async function run({ args, flags, terminal }: Invocation): Promise<number> {
  if (args.length > 0) throw usageError('dashboard takes no arguments')
  const port = flags.count('port') ?? 0
  if (port > 65_535) throw usageError(`--port is between 1 and 65535, or 0 for a free one, not ${port}`)
  const { url, close } = await servePages(programPath('web'), port)
  if (flags.text('output') === 'json') terminal.print(JSON.stringify({ url, pid: process.pid }))
  else {
    terminal.print(url)
    terminal.note('The plan explorer computes in your browser: nothing you type leaves this machine. Ctrl-C ends it.')
  }
  if (process.stdout.isTTY && !flags.has('no-open')) openBrowser(url)
  await new Promise<void>(done => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done())
  })
  close()
  return EXIT.ok
}
