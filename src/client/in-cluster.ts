/**
 * The connection of a program that runs in a pod (client-go's rest.InClusterConfig): address from the environment, authority and token
 * from the ServiceAccount's volume. In the embedded cluster the volume lies under $SOLVENT_ROOT, which is looked at first.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVICE_ACCOUNT_DIR } from '../kube/names.ts'
import type { Connection } from './connection.ts'

/** Undefined outside of a pod. */
export function inClusterConnection(env: NodeJS.ProcessEnv = process.env): Connection | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env
  if (!host) return undefined
  const folder = serviceAccountFolder(env)
  if (!folder) return undefined
  const read = (name: string): string | undefined => {
    const path = join(folder, name)
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined
  }
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: read('ca.crt'),
    tokenFile: join(folder, 'token'),
    namespace: read('namespace') ?? env.SOLVENT_NAMESPACE,
  }
}

const serviceAccountFolder = (env: NodeJS.ProcessEnv): string | undefined =>
  [join(env.SOLVENT_ROOT ?? '', SERVICE_ACCOUNT_DIR), SERVICE_ACCOUNT_DIR].find(folder =>
    existsSync(join(folder, 'token')),
  )
