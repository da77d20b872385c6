/** What the runner is told by its pod: environment and the mounted code. */
import { join } from 'node:path'
import { CODE_DIR, CODE_KEY } from '../../kube/names.ts'

export interface Settings {
  readonly codePath: string
  readonly port: number
  readonly metricsPort: number
  /** Where pods share one network each has an address of its own on it, and listens there; elsewhere on all. */
  readonly host: string | undefined
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const address = env.POD_IP ?? ''
  return {
    codePath: join(env.SOLVENT_ROOT || '/', CODE_DIR, CODE_KEY),
    port: Number(env.PORT) || 8080,
    metricsPort: Number(env.SOLVENT_METRICS_PORT) || 9464,
    host: address.startsWith('127.') ? address : undefined,
  }
}
