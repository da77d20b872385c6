/** With a server that does not answer: a killed one is started again, so whoever watches goes on for a while before giving up. */
import { isApiError } from '../kube/status.ts'

const CONNECTION_LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE'])
const PATIENCE_MS = 15_000
const RETRY_MS = 100

/** It answers already, or still, but the part that it needs for this is not there. */
export const isConnectionLost = (error: unknown): boolean =>
  isApiError(error, 'ServiceUnavailable') || CONNECTION_LOST.has((error as NodeJS.ErrnoException)?.code ?? '')

export class Patience {
  private lostAtMs: number | undefined

  /** The server answers. */
  renew(): void {
    this.lostAtMs = undefined
  }

  /** Returns when it is time to try again; throws `error` when it is no lost connection, or has been one for too long. */
  async orThrow(error: unknown): Promise<void> {
    if (!isConnectionLost(error)) throw error
    this.lostAtMs ??= performance.now()
    if (performance.now() - this.lostAtMs > PATIENCE_MS) throw error
    await new Promise(resolve => setTimeout(resolve, RETRY_MS))
  }
}
