/** `8080`, `8000:80`, `:80`, `8000:http`: which local port leads to which port of a pod; a Service's ports are looked up as it maps them. */
import type { Pod } from '../kube/core.ts'
import type { UnknownObject } from '../kube/object.ts'
import { EXIT, Exit, usageError } from './exit.ts'

export interface PortPair {
  /** 0: any free one. */
  readonly local: number
  /** Of the pod. */
  readonly remote: number
}

interface ServicePort {
  readonly name?: string
  readonly port: number
  readonly targetPort?: number | string
}

export const forwardedPorts = (words: readonly string[], pod: Pod, owner?: UnknownObject): readonly PortPair[] =>
  words.map(word => {
    const [first = '', second, third] = word.split(':')
    if (third !== undefined) throw usageError(`"${word}" is not of the form [LOCAL:]REMOTE`)
    const wanted = second ?? first
    const remote = owner?.kind === 'Service' ? servicePort(owner, wanted, pod) : podPort(pod, wanted)
    // A name alone says nothing of the local port; a Service's number does, whatever it maps to.
    const own = Number(wanted) || remote
    return { remote, local: second === undefined ? own : first === '' ? 0 : number(first, word) }
  })

function number(text: string, word: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port > 0 && port < 65536) return port
  throw usageError(`"${word}" is not of the form [LOCAL:]REMOTE with ports from 1 to 65535`)
}

function podPort(pod: Pod, text: string): number {
  if (/^\d+$/.test(text)) return number(text, text)
  const ports = pod.spec.containers.flatMap(container => container.ports ?? [])
  const found = ports.find(({ name }) => name === text)
  if (found) return found.containerPort
  const names = ports.flatMap(({ name }) => name ?? [])
  throw new Exit(
    EXIT.error,
    `pod ${pod.metadata.name} has no port named "${text}"${names.length > 0 ? `, only ${names.join(', ')}` : ''}`,
  )
}

function servicePort({ metadata, spec }: UnknownObject, text: string, pod: Pod): number {
  const ports = (spec as { readonly ports?: readonly ServicePort[] } | undefined)?.ports ?? []
  const found = ports.find(({ name, port }) => name === text || String(port) === text)
  if (!found) {
    const known = ports.map(({ name, port }) => (name ? `${port} (${name})` : port)).join(', ')
    throw new Exit(EXIT.error, `service ${metadata.name} has no port ${text}${known && `, only ${known}`}`)
  }
  return podPort(pod, String(found.targetPort ?? found.port))
}
