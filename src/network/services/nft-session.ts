/**
 * A resident `nft -i` in a network namespace: a change takes half a millisecond where a new process takes ten. It is fed by a FIFO that we hold
 * open, so it ends when we do; the rules stay with the namespace. Each change is a file that it includes, hence one transaction.
 */
import { closeSync, constants, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { HostCommands } from '../../base/host-commands.ts'

export interface NftSession {
  /** What it printed; `ok` is false where it refused (then nothing was changed) or did not answer. */
  run(commands: string): Promise<{ readonly ok: boolean; readonly output: string }>
  close(): void
}

export interface NftSessionOptions {
  readonly commands: HostCommands
  readonly clock: Clock
  readonly folder: string
  readonly switchPath: string
}

const PATIENCE_MS = 3_000

/**
 * A connection that ended is remembered for ten seconds, not two minutes: a thousand a second must not fill the kernel's table.
 */
const INSIDE = `echo 10 2>/dev/null >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait
exec nft -i`

const PATHS = 'PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin'

/** Arguments: folder. FIFOs of this life alone: what reads those of an earlier one ends by itself. */
const PREPARE = `${PATHS}
command -v nft >/dev/null || { echo "nft is not installed" >&2; exit 127; }
cd "$1" && rm -f nft.in nft.out && mkfifo -m 600 nft.in nft.out`

/**
 * Arguments: folder, network namespace, what to run there. We have the FIFOs open by then. Should we be killed just now, nothing waits for us: each is
 * opened for both ends first, which never blocks, and what reads from nobody ends.
 */
const START = `${PATHS}
cd "$1" || exit 1
{
  exec 3<>nft.in 4<nft.in 5<>nft.out 3>&-
  exec setsid nsenter --net="$2" sh -c "$3" <&4 >&5 2>&1 4<&- 5>&-
} </dev/null >/dev/null 2>&1 &`

export async function openNftSession({
  commands,
  clock,
  folder,
  switchPath,
}: NftSessionOptions): Promise<NftSession | { readonly problem: string }> {
  const script = (text: string, ...values: readonly string[]) =>
    commands.run(['/bin/sh', '-c', text, 'sh', folder, ...values])
  const { code, stderr } = await script(PREPARE)
  if (code !== 0) return { problem: stderr.trim().split('\n')[0] || `nft: exit code ${code}` }
  const input = openSync(join(folder, 'nft.in'), constants.O_RDWR | constants.O_NONBLOCK)
  const output = new Socket({
    fd: openSync(join(folder, 'nft.out'), constants.O_RDWR | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  })
  await script(START, switchPath, INSIDE)
  const file = join(folder, 'nft.rules')
  let heard = ''
  let number = 0
  let waiting: (() => void) | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let isClosed = false

  output.unref()
  output.setEncoding('utf8')
  output.on('error', () => {})
  output.on('data', (chunk: string) => {
    heard += chunk
    waiting?.()
  })

  async function run(text: string): Promise<{ readonly ok: boolean; readonly output: string }> {
    if (isClosed) return { ok: false, output: 'closed' }
    // A file that is not there is the only thing that nft will surely answer with its name.
    const end = `/solvent-${process.pid}-${++number}`
    heard = ''
    writeFileSync(file, `${text}\n`, { mode: 0o600 })
    writeSync(input, `include "${file}"\ninclude "${end}"\n`)
    const mark = new RegExp(`Error: File not found: ${end}\\ninclude "${end}"\\n\\^+\\n`)
    const answered = await new Promise<boolean>(resolve => {
      const cancel = clock.after(PATIENCE_MS, () => resolve(false))
      waiting = () => {
        if (!mark.test(heard)) return
        cancel()
        resolve(true)
      }
      waiting()
    })
    waiting = undefined
    if (!answered) return { ok: false, output: 'nft does not answer' }
    const said = heard.replace(mark, '').trim()
    return { ok: !/^.*Error: /m.test(said), output: said }
  }

  return {
    run(text) {
      const result = turn.then(() => run(text))
      turn = result
      return result
    },
    close() {
      if (isClosed) return
      isClosed = true
      try {
        writeSync(input, 'quit\n')
      } catch {
        // Full, because nobody reads.
      }
      closeSync(input)
      output.destroy()
      rmSync(file, { force: true })
    },
  }
}
