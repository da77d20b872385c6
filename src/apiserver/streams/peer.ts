/** Who asked for a command or a terminal, whatever it speaks: its ends of the streams, and the Status that ends it all. */
import type { Readable, Writable } from 'node:stream'
import type { TerminalSize } from '../../client/node-api.ts'

export interface Peer {
  readonly stdin?: Readable
  readonly stdout?: Writable
  readonly stderr?: Writable
  readonly sizes?: Readable
  /** It has left. */
  readonly gone: Promise<void>
  /** The last word; then the connection is closed. Resolves when all is sent or the peer is gone. */
  finish(status: ExitStatus): Promise<void>
}

export interface ExitStatus {
  readonly metadata: Record<string, never>
  readonly status: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: string
  readonly code?: number
  readonly details?: { readonly causes: readonly { readonly reason: string; readonly message: string }[] }
}

/** metav1.Status as the kubelet sends it: kubectl reads the exit code out of the cause. */
export const exitStatus = (code: number): ExitStatus =>
  code === 0
    ? { metadata: {}, status: 'Success' }
    : {
        metadata: {},
        status: 'Failure',
        message: `command terminated with non-zero exit code: command terminated with exit code ${code}`,
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
      }

export const failure = (what: string): ExitStatus => ({
  metadata: {},
  status: 'Failure',
  message: `Internal error occurred: ${what}`,
  reason: 'InternalError',
  details: { causes: [{ reason: '', message: what }] },
  code: 500,
})

/** Protocols before v4 say only what went wrong, in words. */
export const statusBytes = (status: ExitStatus, asJson: boolean): string =>
  asJson ? JSON.stringify(status) : (status.message ?? '')

/** One JSON value after the other: `{"Width":80,"Height":24}`. */
export async function* readSizes(stream: Readable): AsyncGenerator<TerminalSize, void, void> {
  let rest = ''
  for await (const chunk of stream) {
    rest += String(chunk)
    const values = rest.match(/\{[^{}]*\}/g) ?? []
    rest = values.length > 0 ? rest.slice(rest.lastIndexOf('}') + 1) : rest.slice(-1024)
    for (const text of values) {
      const size = parseSize(text)
      if (size) yield size
    }
  }
}

/** Go reads field names in any case. */
function parseSize(text: string): TerminalSize | undefined {
  try {
    const fields = Object.entries(JSON.parse(text) as object).map(([name, value]) => [name.toLowerCase(), value])
    const { width, height } = Object.fromEntries(fields) as Partial<TerminalSize>
    const isSize = (value: unknown): value is number =>
      Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65536
    return isSize(width) && isSize(height) ? { width, height } : undefined
  } catch {
    return undefined
  }
}
