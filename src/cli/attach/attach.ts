/** Stays with what was applied until all of it has ended: draws on a terminal, writes lines into a log, says at Ctrl-C how to come back. */
import type { HttpApi } from '../../client/http-api.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { EXIT, Exit } from '../exit.ts'
import { isConnectionLost } from '../patience.ts'
import { prefixPainter } from '../render/prefix.ts'
import type { Terminal } from '../terminal.ts'
import { LiveRegion } from './live-region.ts'
import { Watched } from './watched.ts'

/** In a log: what changed, and without a change so often. */
const LOG_EVERY_MS = 5_000
/** Stages that fly by are not told one by one. */
const LOG_AT_MOST_EVERY_MS = 1_000

export interface AttachOptions {
  readonly api: HttpApi
  readonly terminal: Terminal
  readonly timeoutSeconds: number
  /** `solvent` with what reaches the same cluster again, such as ` --state DIR`. */
  readonly repeat: string
}

export type Left = { readonly kind: 'ended' } | { readonly kind: 'detached' } | { readonly kind: 'timeout' }

/** The watched objects, with their endings where they have one. */
export async function attach(
  objects: readonly UnknownObject[],
  { api, terminal, timeoutSeconds }: AttachOptions,
): Promise<{ readonly left: Left; readonly watched: readonly Watched[] }> {
  const stop = new AbortController()
  let left: Left = { kind: 'ended' }
  const leave = (how: Left): void => {
    left = how
    stop.abort()
  }
  const onInterrupt = (): void => leave({ kind: 'detached' })
  process.once('SIGINT', onInterrupt)
  const timer = Number.isFinite(timeoutSeconds)
    ? setTimeout(leave, timeoutSeconds * 1000, { kind: 'timeout' })
    : undefined

  const paint = prefixPainter(terminal.style, true)
  const watched: Watched[] = []
  const display = terminal.live ? liveDisplay(terminal, watched) : logDisplay(terminal, watched)
  const options = {
    api,
    signal: stop.signal,
    now: () => performance.now(),
    onChange: () => display.changed(),
    onLog: (line: Parameters<typeof paint>[0]) => display.print(paint(line)),
  }
  watched.push(...objects.map(object => new Watched(object, options)))
  display.start()
  try {
    await Promise.all(watched.map(each => each.follow()))
  } catch (error) {
    if (isConnectionLost(error)) throw new Exit(EXIT.error, 'the cluster does not answer any more; see: solvent status')
    throw error
  } finally {
    display.stop()
    clearTimeout(timer)
    process.removeListener('SIGINT', onInterrupt)
  }
  return { left, watched }
}

interface Display {
  start(): void
  changed(): void
  print(line: string): void
  stop(): void
}

function liveDisplay(terminal: Terminal, watched: readonly Watched[]): Display {
  const region = new LiveRegion(terminal, () =>
    watched.flatMap(each => each.lines(terminal.columns, terminal.noteStyle)),
  )
  return {
    start: () => region.start(),
    changed: () => {},
    print: line => region.above(() => terminal.print(line)),
    stop: () => region.stop(true),
  }
}

function logDisplay(terminal: Terminal, watched: readonly Watched[]): Display {
  const told = new Map<Watched, string>()
  let lastMs = performance.now()
  let timer: NodeJS.Timeout | undefined
  const tell = (always: boolean): void => {
    for (const each of watched) {
      const sentence = each.sentence()
      if (each.ending || (!always && told.get(each) === sentence)) continue
      told.set(each, sentence)
      terminal.note(sentence)
    }
    lastMs = performance.now()
  }
  return {
    start() {
      timer = setInterval(() => tell(true), LOG_EVERY_MS)
    },
    changed() {
      if (performance.now() - lastMs >= LOG_AT_MOST_EVERY_MS) tell(false)
    },
    print: line => terminal.print(line),
    stop: () => clearInterval(timer),
  }
}
