/**
 * `solvent-serve`: what runs inside the pods of a Server whose program is a module. It loads the bundled module, answers HTTP with it, counts
 * what it answers, and leaves without a failed request. `main` is called by bin/solvent-serve.js, or by a prewarmed process that has
 * imported this module already; importing it runs nothing.
 */

import { loadHandler } from './handler.ts'
import { serve } from './serve.ts'
import { readSettings } from './settings.ts'

/** Exit code: 0 asked to end and done, 42 the module does not load or exports no handler, 1 it cannot listen. */
export async function main(_args: readonly string[]): Promise<number> {
  const settings = readSettings(process.env)
  try {
    const handler = await loadHandler(settings.codePath)
    const server = await serve(handler, settings)
    console.log(`listening on port ${settings.port}`)
    await new Promise<void>(resolve => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
    })
    await server.drain()
    return 0
  } catch (error) {
    console.error(error instanceof Error ? (error.stack ?? error.message) : String(error))
    return (error as NodeJS.ErrnoException)?.code?.startsWith?.('E') ? 1 : 42
  }
}
