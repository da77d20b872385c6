/**
 * The router that pods are plugged into, in a network namespace of its own with one wire to the machine. It lives there for two reasons. The kernel
 * removes it, with every interface, route and rule, when nobody holds the namespace: whatever is killed, nothing stays behind. And the
 * machine's firewall does not see what pods say to each other. It routes and does not bridge, so that an answer comes back through
 * the rules that its question went through (Service addresses are translated there).
 *
 * The namespace is held by the server (an open file) and by a keeper, a small shell that waits for the next server when one is gone.
 * Agents of further nodes hold both too.
 */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { HostCommands } from '../base/host-commands.ts'
import { formatNetwork, type Layout } from './address-range.ts'

export interface Switch {
  /** The namespace as a file that `nsenter --net=` takes. */
  readonly path: string
  /** Starts the keeper again if it is gone. */
  look(): void
  close(): void
}

export interface SwitchOptions {
  readonly commands: HostCommands
  readonly folder: string
  /** Name of the machine's end of the wire. */
  readonly wire: string
  /** The machine's address at the wire, and the router's. */
  readonly host: string
  readonly router: string
  readonly layout: Layout
  readonly patienceSeconds: number
}

const PATHS = 'PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin'

/** Arguments: FIFO, seconds, file for its number. Ends when told so, or when nobody opened the FIFO for so long. */
const KEEPER = `read -r pid _ </proc/self/stat
echo "$pid" >"$3"
[ -z "$started" ] || { echo "$pid" >&9; exec 9>&-; }
expire() {
  trap 'kill $sleeper; exit' TERM
  sleep "$2" &
  sleeper=$!
  wait $sleeper
  echo end >"$1"
}
while :; do
  expire "$1" "$2" 3<&- &
  expiry=$!
  exec 3<"$1"
  kill $expiry
  wait $expiry
  while read -r word <&3; do
    [ "$word" != end ] || exit
  done
done`

/**
 * Arguments: folder, the keeper, seconds, wire, the machine's address, the router's, the cluster's range, the pods', the Services'. What
 * nobody translated of the Services' addresses, and what is for a pod that is gone, ends at the router itself: nobody listens there, so it is refused
 * (or reset) at once, where an unreachable host would be waited for.
 */
const START = `${PATHS}
cd "$1" || exit 1
[ -p lifeline ] || mkfifo -m 600 lifeline || exit 1
[ -p ready ] || mkfifo -m 600 ready || exit 1
started=1 setsid unshare --net sh -c "$2" solvent-network "$1/lifeline" "$3" "$1/keeper" </dev/null >/dev/null 2>keeper.log 9>ready &
exec 3<ready
read -r pid <&3 || { while IFS= read -r line; do echo "$line" >&2; done <keeper.log; exit 1; }
fail() { kill -9 "$pid"; exit 1; }
# What a killed server may have left: a wire whose other end is just being removed.
ip link del "$4" 2>/dev/null
ip -batch - <<EOF || fail
link add $4 type veth peer name wire netns $pid
addr add $5/32 dev $4
link set $4 up
route add $6 dev $4 scope link
route add $7 via $6 dev $4 src $5
EOF
nsenter --target "$pid" --net sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward && exec ip -batch -' <<EOF || fail
link set lo up
link set wire up
addr add $6/32 dev wire
route add $5 dev wire scope link
route add default via $5
route add local $8 dev lo table main
route add local $9 dev lo
EOF`

const RESTART = `${PATHS}
setsid nsenter --net="$1" sh -c "$2" solvent-network "$3/lifeline" "$4" "$3/keeper" </dev/null >/dev/null 2>&1 &`

/** Takes the one of an earlier life over, or makes one. */
export async function openSwitch(options: SwitchOptions): Promise<Switch | { readonly problem: string }> {
  const { commands, folder, wire, host, router, layout, patienceSeconds } = options
  const lifeline = join(folder, 'lifeline')
  let held = openWithReader(lifeline)
  if (held === undefined) {
    const ranges = [layout.all, layout.pods, layout.services].map(formatNetwork)
    const values = [folder, KEEPER, String(patienceSeconds), wire, host, router, ...ranges]
    const { code, stderr } = await commands.run(['/bin/sh', '-c', START, 'sh', ...values])
    if (code !== 0) return { problem: stderr.trim().split('\n')[0] || `no network namespace: exit code ${code}` }
    held = openForWriting(lifeline)
  }
  const { namespace, path } = openNamespace(folder)

  return {
    path,
    look() {
      if (held === undefined || isRead(held)) return
      closeSync(held)
      held = undefined
      const restart = ['/bin/sh', '-c', RESTART, 'sh', path, KEEPER, folder, String(patienceSeconds)]
      void commands.run(restart).then(() => {
        held = openForWriting(lifeline)
      })
    },
    close() {
      if (held !== undefined) {
        if (isRead(held)) writeSync(held, 'end\n')
        closeSync(held)
      }
      held = undefined
      closeSync(namespace)
    },
  }
}

const JOIN_TRIES = 200
const JOIN_AGAIN_MS = 50

/** For a node beside the owner's: waits for its switch, adds an address of this node to the machine's end, and never ends it. */
export async function joinSwitch(
  { commands, folder, wire }: SwitchOptions,
  address: string,
): Promise<Switch | { readonly problem: string }> {
  const lifeline = join(folder, 'lifeline')
  let held: number | undefined
  let problem = 'the network of the first node is not there'
  for (let tries = 0; held === undefined; tries++) {
    held = openWithReader(lifeline)
    if (held !== undefined) {
      // The keeper is there a moment before the wire.
      const { code, stderr } = await commands.run(['ip', 'addr', 'replace', `${address}/32`, 'dev', wire])
      if (code === 0) break
      problem = stderr.trim().split('\n')[0] || `ip addr: exit code ${code}`
      closeSync(held)
      held = undefined
    }
    if (tries === JOIN_TRIES) return { problem }
    await new Promise(resume => setTimeout(resume, JOIN_AGAIN_MS))
  }
  const { namespace, path } = openNamespace(folder)
  const handles = [held, namespace]
  return {
    path,
    look: () => {},
    close: () => {
      for (const handle of handles.splice(0)) closeSync(handle)
    },
  }
}

function openNamespace(folder: string): { readonly namespace: number; readonly path: string } {
  const keeper = readFileSync(join(folder, 'keeper'), 'utf8').trim()
  const namespace = openSync(`/proc/${keeper}/ns/net`, 'r')
  return { namespace, path: `/proc/${process.pid}/fd/${namespace}` }
}

/** Undefined where nobody reads from it. */
function openWithReader(fifo: string): number | undefined {
  try {
    return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

/** Opening for both ends first never fails, and lets the keeper's own opening succeed. */
function openForWriting(fifo: string): number {
  const both = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  try {
    return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
  } finally {
    closeSync(both)
  }
}

/** An empty line says nothing to the keeper, and fails when it is gone. */
function isRead(handle: number): boolean {
  try {
    writeSync(handle, '\n')
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN'
  }
}
