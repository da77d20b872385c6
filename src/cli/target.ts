/**
 * Which cluster a command talks to. A real one only when `--context`, `--kubeconfig` or SOLVENT_CONTEXT names it, so that nobody starts
 * a job on production by accident; $KUBECONFIG alone does not count. Otherwise the embedded cluster of the state folder.
 */
import { join } from 'node:path'
import type { Connection } from '../client/connection.ts'
import { createHttpApi, type HttpApi } from '../client/http-api.ts'
import { readKubeconfig } from '../client/kubeconfig.ts'
import { EXIT, Exit, exitWithProblems } from './exit.ts'
import type { Flags } from './flags.ts'
import { namesRealCluster } from './real-cluster.ts'
import { runningCluster, stateFolder } from './state-folder.ts'
import type { Terminal } from './terminal.ts'

export interface Target {
  readonly api: HttpApi
  readonly embedded: boolean
  readonly namespace: string
  /** What to type after `solvent COMMAND` to reach the same cluster again, with a blank before it. */
  readonly repeat: string
  /** For errors: `the embedded cluster` or the server's address. */
  readonly called: string
}

/** A killed server of ours is started again within this time. */
const RESTART_MS = 5_000

export interface TargetChoice {
  readonly flags: Flags
  readonly terminal: Terminal
  readonly env?: NodeJS.ProcessEnv
}

export { namesRealCluster }

/** The cluster that is there. Says how to start the embedded one when it does not run. */
export async function openTarget(choice: TargetChoice): Promise<Target> {
  const { flags, env = process.env } = choice
  if (namesRealCluster(flags, env)) return realTarget(choice)
  const folder = stateFolder(flags.text('state'), env)
  const cluster = runningCluster(folder)
  if (!cluster) {
    const up = `solvent up${flags.has('state') ? ` --state ${flags.text('state')}` : ''}`
    throw new Exit(EXIT.error, `no embedded cluster runs in ${folder}.\n${up} starts one; so does solvent run FILE.`)
  }
  return embeddedTarget(choice, cluster.kubeconfig ?? join(folder, 'kubeconfig'))
}

/** The same, but the embedded cluster is started in the background if it does not run. */
export async function openOrStart(choice: TargetChoice): Promise<Target> {
  const { flags, terminal, env = process.env } = choice
  if (namesRealCluster(flags, env)) return realTarget(choice)
  const folder = stateFolder(flags.text('state'), env)
  const { startCluster } = await import('./embedded.ts')
  const { info, started } = await startCluster({ folder })
  if (started) terminal.note(terminal.noteStyle.dim(`started the embedded cluster in ${folder}`))
  return embeddedTarget(choice, info.kubeconfig)
}

async function realTarget({ flags, terminal, env = process.env }: TargetChoice): Promise<Target> {
  const context = flags.text('context') ?? (flags.has('kubeconfig') ? undefined : env.SOLVENT_CONTEXT)
  const file = flags.text('kubeconfig')
  const found = await readKubeconfig({ file, context, env })
  if (!found.ok) throw exitWithProblems(found.problems)
  const repeat = `${file ? ` --kubeconfig ${file}` : ''}${flags.has('context') ? ` --context ${context}` : ''}`
  return target(found.value, flags, terminal, { embedded: false, repeat, called: found.value.server })
}

async function embeddedTarget({ flags, terminal }: TargetChoice, kubeconfig: string): Promise<Target> {
  const found = await readKubeconfig({ file: kubeconfig })
  if (!found.ok) throw exitWithProblems(found.problems)
  const repeat = flags.has('state') ? ` --state ${flags.text('state')}` : ''
  return target(found.value, flags, terminal, { embedded: true, repeat, called: 'the embedded cluster' })
}

function target(
  connection: Connection,
  flags: Flags,
  terminal: Terminal,
  rest: Pick<Target, 'embedded' | 'repeat' | 'called'>,
): Target {
  const level = flags.count('verbosity') ?? 0
  const api = createHttpApi(connection, {
    patienceMs: rest.embedded ? RESTART_MS : 0,
    onWarning: text => terminal.note(`${terminal.noteStyle.yellow('Warning:')} ${text}`),
    ...(level >= 6 ? { onAnswer: (line: string) => terminal.note(line) } : {}),
  })
  return { api, namespace: flags.text('namespace') ?? connection.namespace ?? 'default', ...rest }
}
