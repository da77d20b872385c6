/** /healthz, /livez, /readyz: `ok`, or with `?verbose` a line a check (apiserver's server/healthz). A server that answers has started. */
const CHECKS = ['ping', 'log', 'etcd']
const ROOTS = new Set(['healthz', 'livez', 'readyz'])

/** Undefined where `path` asks for no such check. */
export function healthText(path: string, isVerbose: boolean): string | undefined {
  const [root = '', check, ...rest] = path.split('/').filter(Boolean)
  if (!ROOTS.has(root) || rest.length > 0) return undefined
  if (check !== undefined) return CHECKS.includes(check) ? 'ok' : undefined
  if (!isVerbose) return 'ok'
  return `${CHECKS.map(name => `[+]${name} ok\n`).join('')}${root} check passed\n`
}
