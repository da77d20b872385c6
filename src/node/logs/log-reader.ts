/**
 * What the API server asks for `pods/log`: one life of a container, from where the caller wants it, and with `follow` until the container
 * ends. A follower waits for the file to change (and looks every 100 ms where the system cannot tell).
 */
import { type FSWatcher, watch } from 'node:fs'
import type { Clock } from '../../base/clock.ts'
import type { LogOptions } from '../../client/kube-api.ts'
import type { Pod } from '../../kube/core.ts'
import { apiError } from '../../kube/status.ts'
import type { Lives } from './lives.ts'
import { lastWriteOf, logPath, readAt, tailStart } from './log-file.ts'
import { placeSince } from './log-times.ts'
import { withTimestamps } from './timestamps.ts'

export interface LogReader {
  logs(pod: Pod, container: string, options: LogOptions): AsyncIterable<Uint8Array>
}

export interface LogReaderOptions {
  readonly folders: LifeFolders
  readonly lives: Lives
  readonly clock: Clock
}

/** Where the lives of containers lie. */
export interface LifeFolders {
  lives(uid: string, container: string): readonly { readonly number: number; readonly folder: string }[]
}

const CHUNK_BYTES = 65_536
const LOOK_MS = 100

export function createLogReader({ folders, lives, clock }: LogReaderOptions): LogReader {
  function folderOf(pod: Pod, container: string, { previous }: LogOptions): string {
    const { name, uid = '' } = pod.metadata
    const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec
    const spec = [...initContainers, ...containers, ...ephemeralContainers].find(each => each.name === container)
    if (!spec) throw apiError('BadRequest', `container ${container} is not valid for pod ${name}`)
    const all = folders.lives(uid, container)
    const life = previous ? all.at(-2) : all.at(-1)
    if (life) return life.folder
    if (previous)
      throw apiError('BadRequest', `previous terminated container "${container}" in pod "${name}" not found`)
    throw apiError(
      'BadRequest',
      `container "${container}" in pod "${name}" is waiting to start: ${waitingReason(pod, container)}`,
    )
  }

  function startOf(folder: string, { tailLines, sinceSeconds, sinceTime }: LogOptions): number {
    const tail = tailLines === undefined ? 0 : tailStart(folder, tailLines)
    if (sinceSeconds === undefined && sinceTime === undefined) return tail
    const since = sinceTime === undefined ? clock.now() - (sinceSeconds ?? 0) * 1000 : Date.parse(sinceTime)
    const isOld = !lives.isRunning(folder) && (lastWriteOf(folder) ?? 0) < since
    const sincePlace = isOld ? tailStart(folder, 0) : lineAt(folder, placeSince(lives.marks(folder), since))
    return Math.max(tail, sincePlace)
  }

  /** The next start of a line: a mark may stand in the middle of one. */
  function lineAt(folder: string, place: number): number {
    if (place === 0) return 0
    for (let at = place - 1; ; ) {
      const { bytes, next } = readAt(folder, at, CHUNK_BYTES)
      const feed = bytes.indexOf(0x0a)
      if (feed >= 0) return next - bytes.length + feed + 1
      if (bytes.length === 0) return next
      at = next
    }
  }

  async function* read(folder: string, from: number, options: LogOptions): AsyncGenerator<Placed, void, void> {
    const { follow, signal } = options
    let place = from
    const changes = follow ? changesOf(folder, lives, clock, signal) : undefined
    try {
      while (!signal?.aborted) {
        // Asked before reading: what it wrote before its end is then read.
        const goesOn = follow === true && lives.isRunning(folder)
        for (;;) {
          const { bytes, next } = readAt(folder, place, CHUNK_BYTES)
          if (bytes.length === 0 || signal?.aborted) break
          yield { bytes, place: next - bytes.length }
          place = next
        }
        if (!goesOn || !changes) return
        await changes.next()
      }
    } finally {
      changes?.stop()
    }
  }

  return {
    async *logs(pod, container, options) {
      const folder = folderOf(pod, container, options)
      const chunks = read(folder, startOf(folder, options), options)
      const lines = options.timestamps
        ? withTimestamps(
            chunks,
            () => lives.marks(folder),
            () => lastWriteOf(folder) ?? clock.now(),
          )
        : bytesOf(chunks)
      yield* options.limitBytes === undefined ? lines : limited(lines, options.limitBytes)
    },
  }
}

async function* bytesOf(chunks: AsyncIterable<Placed>): AsyncGenerator<Uint8Array, void, void> {
  for await (const { bytes } of chunks) yield bytes
}

async function* limited(chunks: AsyncIterable<Uint8Array>, limitBytes: number): AsyncGenerator<Uint8Array, void, void> {
  let left = limitBytes
  for await (const chunk of chunks) {
    yield chunk.subarray(0, left)
    left -= chunk.length
    if (left <= 0) return
  }
}

export interface Placed {
  readonly bytes: Buffer
  readonly place: number
}

function waitingReason({ status }: Pod, container: string): string {
  const all = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ]
  return all.find(each => each.name === container)?.state?.waiting?.reason ?? 'ContainerCreating'
}

interface Changes {
  /** Resolves at the next change since the last call, at the end of the container, or when nobody listens any more. */
  next(): Promise<void>
  stop(): void
}

function changesOf(folder: string, lives: Lives, clock: Clock, signal: AbortSignal | undefined): Changes {
  let hasChanged = false
  let wake: (() => void) | undefined
  let cancelLook = (): void => {}
  let watcher: FSWatcher | undefined
  const change = (): void => {
    hasChanged = true
    wake?.()
  }
  const look = (): void => {
    change()
    cancelLook = clock.after(LOOK_MS, look)
  }
  try {
    watcher = watch(logPath(folder), change)
    watcher.on('error', look)
    watcher.unref()
  } catch {
    look()
  }
  const forget = lives.onEnd(folder, change)
  signal?.addEventListener('abort', change, { once: true })
  return {
    async next() {
      if (!hasChanged && !signal?.aborted) {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      hasChanged = false
      wake = undefined
    },
    stop() {
      watcher?.close()
      cancelLook()
      forget()
      signal?.removeEventListener('abort', change)
    },
  }
}
