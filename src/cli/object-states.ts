/** One object's states as they follow one another, across ended watches, expired versions and a server that is being restarted. */
import type { KubeApi } from '../client/kube-api.ts'
import type { KubeObject, ObjectRef, UnknownObject } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'
import { Patience } from './patience.ts'

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
  const patience = new Patience()
  while (!signal.aborted) {
    try {
      const { items, metadata } = await api.list<T>(collection, { fieldSelector })
      patience.renew()
      yield items[0]
      const { resourceVersion } = metadata
      for await (const { type, object } of api.watch<T>(collection, { fieldSelector, resourceVersion, signal })) {
        if (type !== 'BOOKMARK') yield type === 'DELETED' ? undefined : object
      }
    } catch (error) {
      if (!isApiError(error, 'Expired', 'Gone')) await patience.orThrow(error)
    }
  }
}
