/**
 * The generator itself: plain sockets, so that its own cost is small beside what it measures. Every request's times are kept, so that
 * percentiles are exact and a mark can be looked at afterwards.
 */
import { connect, type Socket } from 'node:net'
import type { Failure, FailureKind, Load, LoadReport, Stage } from './load.ts'
import { createRecorder } from './recorder.ts'
import { createResponseParser, type ResponseParser } from './response-parser.ts'

export interface RunningLoad {
  mark(name: string, at?: number): void
  stop(): void
  readonly finished: Promise<LoadReport>
}

interface Request {
  readonly intendedAt: number
  sentAt: number
}

interface Connection {
  readonly socket: Socket
  readonly parser: ResponseParser
  readonly openedAt: number
  readonly text: string
  isOpen: boolean
  answered: number
  peer: string | undefined
  request: Request | undefined
  timer: NodeJS.Timeout | undefined
}

/** The wall clock with the fractions of the monotonic one. */
export const now = (): number => performance.timeOrigin + performance.now()

const KINDS: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
}

export function generateLoad(load: Load): RunningLoad {
  const { mode, keepAlive, timeoutMs = 5_000, shareBy, method = 'GET' } = load
  const limit = load.requests ?? Number.POSITIVE_INFINITY
  const width = load.connections ?? (mode === 'closed' ? 16 : 256)
  const targets = load.urls.map(text => new URL(text))
  const recorder = createRecorder(now())
  const idle: Connection[] = []
  const waiting: Request[] = []
  let opened = 0
  let numOpen = 0
  let numDue = 0
  let inFlight = 0
  let isOver = false
  let finish: (report: LoadReport) => void
  const finished = new Promise<LoadReport>(resolve => {
    finish = resolve
  })

  function due(intendedAt: number): void {
    numDue++
    const request = { intendedAt, sentAt: 0 }
    const free = keepAlive ? idle.pop() : undefined
    if (free) send(free, request)
    else if (!keepAlive || numOpen < width) open(request)
    else waiting.push(request)
  }

  function open(request: Request): void {
    const url = targets[opened++ % targets.length]!
    const openedAt = now()
    const socket = connect({ host: url.hostname, port: Number(url.port || 80), noDelay: true })
    const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`]
    const text = [...lines, ...(keepAlive ? [] : ['Connection: close']), '', ''].join('\r\n')
    const parser = createResponseParser(shareBy, method === 'HEAD')
    const connection: Connection = {
      socket,
      parser,
      openedAt,
      text,
      isOpen: false,
      answered: 0,
      peer: undefined,
      request: undefined,
      timer: undefined,
    }
    numOpen++
    recorder.opened(openedAt)
    socket.on('connect', () => {
      connection.isOpen = true
    })
    socket.on('data', data => receive(connection, data))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      fail(connection, KINDS[error.code ?? ''] ?? 'other', error.code ?? String(error)),
    )
    socket.on('end', () => ended(connection))
    socket.on('close', () => ended(connection))
    send(connection, request)
  }

  function send(connection: Connection, request: Request): void {
    request.sentAt = now()
    connection.request = request
    inFlight++
    connection.timer = setTimeout(() => fail(connection, 'timeout', `${timeoutMs} ms`), timeoutMs)
    connection.socket.write(connection.text)
  }

  function receive(connection: Connection, data: Buffer): void {
    try {
      const answer = connection.parser.feed(data)
      if (answer) answered(connection, answer)
    } catch (error) {
      fail(connection, 'malformed', (error as Error).message)
    }
  }

  function ended(connection: Connection): void {
    const answer = connection.parser.end()
    if (answer) answered(connection, answer)
    else if (connection.request) fail(connection, 'closed', 'closed by the other side')
    else drop(connection)
  }

  function answered(
    connection: Connection,
    answer: { status: number; share: string | undefined; mayGoOn: boolean },
  ): void {
    const { request } = connection
    if (!request) {
      drop(connection)
      return
    }
    if (answer.status >= 400) {
      const stage: Stage = 'receiving'
      recorder.failed(failureOf(connection, request, 'status', String(answer.status), stage), connection.peer)
    } else recorder.succeeded(request.intendedAt, request.sentAt, now(), answer.share, connection.peer)
    connection.answered++
    connection.peer = answer.share ?? connection.peer
    settle(connection)
    if (keepAlive && answer.mayGoOn && !isOver) next(connection)
    else drop(connection)
    if (mode === 'closed' && !connection.request) more()
    look()
  }

  function next(connection: Connection): void {
    const request = waiting.shift()
    if (request) send(connection, request)
    else if (mode === 'closed' && numDue < limit) {
      numDue++
      send(connection, { intendedAt: now(), sentAt: 0 })
    } else idle.push(connection)
  }

  function failureOf(
    connection: Connection,
    request: Request,
    kind: FailureKind,
    detail: string,
    stage: Stage,
  ): Failure {
    return {
      kind,
      stage,
      detail,
      intendedAt: request.intendedAt,
      sentAt: request.sentAt,
      failedAt: now(),
      connectionOpenedAt: connection.openedAt,
      answeredBefore: connection.answered,
      ...(connection.peer === undefined ? {} : { peer: connection.peer }),
    }
  }

  function fail(connection: Connection, kind: FailureKind, detail: string): void {
    const { request } = connection
    if (request) {
      const stage = !connection.isOpen ? 'connecting' : connection.parser.hasBegun() ? 'receiving' : 'sent'
      recorder.failed(failureOf(connection, request, kind, detail, stage), connection.peer)
      settle(connection)
    }
    drop(connection)
    // A server that is gone must not be asked in a loop without a pause.
    if (request && mode === 'closed') setTimeout(more, 1)
    look()
  }

  function settle(connection: Connection): void {
    clearTimeout(connection.timer)
    connection.request = undefined
    inFlight--
  }

  const dropped = new WeakSet<Connection>()
  function drop(connection: Connection): void {
    if (dropped.has(connection)) return
    dropped.add(connection)
    numOpen--
    const at = idle.indexOf(connection)
    if (at >= 0) idle.splice(at, 1)
    connection.socket.destroy()
    const request = isOver ? undefined : waiting.shift()
    if (request) open(request)
  }

  /** closed: keeps `width` requests going. */
  function more(): void {
    while (!isOver && inFlight < width && numDue < limit) due(now())
    look()
  }

  function look(): void {
    if (!isOver && numDue >= limit) isOver = true
    if (isOver && inFlight === 0 && waiting.length === 0) end()
  }

  function end(): void {
    clearTimeout(deadline)
    clearInterval(ticker)
    for (const connection of [...idle]) drop(connection)
    finish(recorder.report(opened))
  }

  function stop(): void {
    if (isOver) return
    isOver = true
    clearInterval(ticker)
    look()
  }

  const deadline = load.seconds === undefined ? undefined : setTimeout(stop, load.seconds * 1000)
  let ticker: NodeJS.Timeout | undefined
  if (mode === 'closed') more()
  else {
    const start = now()
    const period = 1000 / (load.ratePerSecond ?? 100)
    ticker = setInterval(() => {
      const until = now()
      while (!isOver && numDue < limit && start + numDue * period <= until) due(start + numDue * period)
      look()
    }, 1)
  }
  return { mark: (name, at = now()) => recorder.mark(name, at), stop, finished }
}
