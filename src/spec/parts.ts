/** What the stored forms of several kinds share. */

export const API_VERSION = 'solvent.dev/v1alpha1'

/** Requests of one worker, rank or replica, as Kubernetes quantities. */
export interface Resources {
  readonly cpu?: string
  readonly memory?: string
}

/** Where bundled user code lies: a ConfigMap whose `binaryData["main.mjs.gz"]` is one gzipped ES module. */
export interface CodeRef {
  readonly configMap: string
}
