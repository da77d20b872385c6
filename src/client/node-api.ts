/** What the API server asks of the node agent, as kube-apiserver asks a kubelet: a container's log. `cluster/` joins the two. */
import type { Pod } from '../kube/core.ts'
import type { LogOptions } from './kube-api.ts'

export interface NodeApi {
  /** Bytes of the container's log as they come. Throws ApiError BadRequest where the container has not started yet. */
  logs(pod: Pod, container: string, options: LogOptions): AsyncIterable<Uint8Array>
}
