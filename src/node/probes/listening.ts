/**
 * What listens in a process's network, from /proc/PID/net/tcp (proc_pid_net(5)): said beside a probe that was refused, since a wrong port and a
 * server that listens on its loopback alone look the same from outside.
 */
import { readFileSync } from 'node:fs'

const LISTEN = '0A'
const MAX_NAMED = 5

export interface Listener {
  readonly port: number
  /** Reached from inside the pod only. */
  readonly isLoopback: boolean
}

/** Empty where there is no /proc, or no such process. */
export function listenersOf(pid: number): readonly Listener[] {
  const found = ['tcp', 'tcp6'].flatMap(file => parseListeners(textOf(`/proc/${pid}/net/${file}`)))
  return found.sort((a, b) => a.port - b.port)
}

/** Addresses are hexadecimal, each four bytes in the order of the machine: 127.0.0.1 is 0100007F on all that we run on. */
export const parseListeners = (table: string): readonly Listener[] =>
  table
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(/\s+/))
    .filter(words => words[3] === LISTEN)
    .flatMap(([, local = '']) => {
      const [address = '', port = ''] = local.split(':')
      return [{ port: Number.parseInt(port, 16), isLoopback: isLoopback(address) }]
    })

const isLoopback = (address: string): boolean =>
  address.endsWith('7F') && address.length === 8
    ? true
    : address === '00000000000000000000000001000000' || /^0{16}FFFF0000.{6}7F$/.test(address)

/** In brackets behind the kubelet's words; empty where nothing can be said. */
export function hintOf(listeners: readonly Listener[], port: number | undefined): string {
  const own = listeners.filter(each => each.port === port)
  if (own.some(({ isLoopback }) => isLoopback)) {
    return ` (port ${port} is open on the pod's loopback only: let the server listen on 0.0.0.0)`
  }
  const ports = [...new Set(listeners.map(each => each.port))]
  if (ports.length === 0) return ' (nothing in the pod listens on any port)'
  const more = ports.length > MAX_NAMED ? ', …' : ''
  return own.length > 0 ? '' : ` (the pod listens on ${ports.slice(0, MAX_NAMED).join(', ')}${more})`
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
