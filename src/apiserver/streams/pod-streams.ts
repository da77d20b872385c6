/**
 * `pods/exec`, `pods/attach`, `pods/portforward`: what is asked, whether it can be, and who serves it. All that can be refused is refused as
 * a Status before the connection changes its protocol; what fails later is told on the streams, as upstream does.
 */
import type { IncomingMessage } from 'node:http'
import type { ExecOptions, NodeStreams, Session, SessionOptions } from '../../client/node-api.ts'
import { CHANNEL_PROTOCOLS, openChannels, TUNNEL, V4, V5 } from '../../client/streams/channels.ts'
import type { Pod } from '../../kube/core.ts'
import { apiError, isApiError } from '../../kube/status.ts'
import type { Engine } from '../resource/engine.ts'
import { containerOf } from '../resource/log.ts'
import { getObject, type Target } from '../resource/read.ts'
import { badRequest, methodNotAllowed } from '../resource/refusals.ts'
import { type Forwarding, forwardOverChannels, forwardOverSpdy, portsOf } from './forward.ts'
import { failure, type Peer } from './peer.ts'
import { SPDY_PROTOCOLS, spdyPeer, webSocketPeer } from './peers.ts'
import { serveSession } from './serve-session.ts'
import { streamFlag } from './stream-flag.ts'
import {
  acceptSpdy,
  acceptWebSocket,
  chooseStreamProtocol,
  chooseSubprotocol,
  isSpdy,
  isWebSocket,
  offeredSubprotocols,
  type Upgrade,
} from './upgrade.ts'

export const STREAMS = new Set(['exec', 'attach', 'portforward'])

export interface StreamRequest {
  readonly engine: Pick<Engine, 'store' | 'nodeApi'>
  readonly request: IncomingMessage
  readonly parameters: URLSearchParams
  readonly target: Target
  /** Absent: the request does not ask to change protocols. */
  readonly upgrade?: Upgrade
}

/** Resolves when the stream is over. */
export async function servePodStream(kind: string, asked: StreamRequest): Promise<void> {
  const { engine, request, target } = asked
  if (request.method !== 'GET' && request.method !== 'POST') throw methodNotAllowed()
  const pod = getObject(engine.store, target) as unknown as Pod
  if (kind === 'portforward') return servePortForward(asked, upgradeOf(asked), pod, nodeFor(engine, pod))
  const container = containerOf(pod, asked.parameters.get('container') || undefined)
  const node = nodeFor(engine, pod)
  const options = sessionOptions(asked.parameters, kind === 'exec')
  const start = () => (kind === 'exec' ? node.exec(pod, container, options) : node.attach(pod, container, options))
  await serveCommand(asked, upgradeOf(asked), options, start)
}

function nodeFor({ nodeApi }: Pick<Engine, 'nodeApi'>, { metadata, spec }: Pod): NodeStreams {
  if (!spec.nodeName) throw badRequest(`pod ${metadata.name} does not have a host assigned`)
  const streams = nodeApi(spec.nodeName)?.streams
  if (!streams) throw apiError('ServiceUnavailable', `no node agent answers for node ${spec.nodeName}`)
  return streams
}

function upgradeOf({ request, upgrade }: StreamRequest): Upgrade {
  if (!upgrade || !(isWebSocket(request) || isSpdy(request))) throw badRequest('Upgrade request required')
  return upgrade
}

function sessionOptions(parameters: URLSearchParams, isExec: boolean): ExecOptions {
  const tty = streamFlag(parameters, 'tty')
  const asked: SessionOptions = {
    stdin: streamFlag(parameters, 'stdin'),
    stdout: streamFlag(parameters, 'stdout'),
    stderr: streamFlag(parameters, 'stderr') && !tty,
    tty,
  }
  const command = parameters.getAll('command')
  if (isExec && command.length === 0) throw badRequest('you must specify at least 1 command for the container')
  if (!asked.stdin && !asked.stdout && !asked.stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  }
  return { ...asked, command }
}

async function serveCommand(
  { request }: StreamRequest,
  upgrade: Upgrade,
  options: SessionOptions,
  start: () => Promise<Session>,
): Promise<void> {
  const overWebSocket = isWebSocket(request)
  const protocol = overWebSocket
    ? chooseSubprotocol(request, CHANNEL_PROTOCOLS)
    : chooseStreamProtocol(request, SPDY_PROTOCOLS)
  let hasLeft = false
  upgrade.socket.once('close', () => {
    hasLeft = true
  })
  const started = await start().then(
    session => ({ session }) as const,
    (error: Error) => ({ error }) as const,
  )
  // Upstream's translator has changed protocols by the time it asks the kubelet; before v5 the kubelet itself answers.
  const isRefused = 'error' in started && isApiError(started.error)
  if (isRefused && protocol !== V5) throw started.error
  const session = 'session' in started ? started.session : undefined
  try {
    if (hasLeft) return
    const peer = await (overWebSocket
      ? acceptWebSocket(request, upgrade, protocol).then(socket => webSocketPeer(socket, options, protocol))
      : spdyPeer(acceptSpdy(upgrade, protocol), options, protocol))
    if (!peer) return
    if (session) await serveSession(peer, session)
    else if ('error' in started) await refuse(peer, started.error, isRefused)
  } finally {
    session?.close()
  }
}

async function refuse(peer: Peer, error: Error, isRefused: boolean): Promise<void> {
  const what = isRefused ? `unable to upgrade connection: ${error.message}` : error.message
  await peer.finish(failure(what))
}

async function servePortForward(
  { request, parameters }: StreamRequest,
  upgrade: Upgrade,
  pod: Pod,
  node: NodeStreams,
): Promise<void> {
  const { name = '', uid = '' } = pod.metadata
  const forwarding: Forwarding = { pod: name, uid, connect: port => node.portForward(pod, port) }
  if (!isWebSocket(request)) {
    const protocol = chooseStreamProtocol(request, ['portforward.k8s.io'])
    return forwardOverSpdy(acceptSpdy(upgrade, protocol), forwarding)
  }
  if (offeredSubprotocols(request).includes(TUNNEL)) {
    const socket = await acceptWebSocket(request, upgrade, TUNNEL)
    const { createWebSocketStream } = await import('ws')
    return forwardOverSpdy(createWebSocketStream(socket), forwarding)
  }
  const ports = portsOf([...parameters.getAll('ports'), ...parameters.getAll('port')])
  const protocol = chooseSubprotocol(request, [V4, 'portforward.k8s.io', 'channel.k8s.io'])
  const socket = await acceptWebSocket(request, upgrade, protocol)
  await forwardOverChannels(openChannels(socket, protocol), ports, forwarding)
}
