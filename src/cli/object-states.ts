/** One object's states as they follow one another, across ended watches, expired versions and a server that is being restarted. */
import type { KubeApi } from '../client/kube-api.ts'
import type { KubeObject, ObjectRef, UnknownObject } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'

const CONNECTION_LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])
const PATIENCE_MS = 15_000
const RETRY_MS = 100

export const isConnectionLost = (error: unknown): boolean =>
  CONNECTION_LOST.has((error as NodeJS.ErrnoException)?.code ?? '')

/**
 * The present state first (undefined when it is not there), then each change, undefined again when it is deleted. Looks first and watches
 * from there, so that no change falls in between. Ends when `signal` aborts.
 */
export async function* statesOf<T extends KubeObject = UnknownObject>(
  api: KubeApi,
  { apiVersion, kind, namespace, name }: ObjectRef,
  signal: AbortSignal,
): AsyncGenerator<T | undefined, void, void> {
  const collection = { apiVersion, kind, namespace }
  const fieldSelector = `metadata.name=${name}`
  let lostAt: number | undefined
  while (!signal.aborted) {
    try {
      const { items, metadata } = await api.list<T>(collection, { fieldSelector })
      lostAt = undefined
      yield items[0]
      const { resourceVersion } = metadata
      for await (const { type, object } of api.watch<T>(collection, { fieldSelector, resourceVersion, signal })) {
        if (type !== 'BOOKMARK') yield type === 'DELETED' ? undefined : object
      }
    } catch (error) {
      if (isApiError(error, 'Expired', 'Gone')) continue
      if (!isConnectionLost(error)) throw error
      lostAt ??= performance.now()
      if (performance.now() - lostAt > PATIENCE_MS) throw error
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
  }
}
