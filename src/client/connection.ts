/** How to reach one API server, as a value: what `kubeconfig.ts` and `in-cluster.ts` find and `transport.ts` uses. */
export interface Connection {
  /** `https://127.0.0.1:6443`, a path prefix allowed. */
  readonly server: string
  /** PEM. Without it the system's authorities count. */
  readonly ca?: string
  readonly token?: string
  /** Read again every minute, since kubelets rotate tokens in place. Wins over `token`. */
  readonly tokenFile?: string
  /** PEM pair of a client certificate. */
  readonly cert?: string
  readonly key?: string
  /** The name to expect in the server's certificate instead of the address. */
  readonly serverName?: string
  readonly insecureSkipVerify?: boolean
  /** Where namespaced objects go when nobody says otherwise. */
  readonly namespace?: string
}
