/**
 * kubeconfig files (client-go's tools/clientcmd): reads any, writes ours. Several files merge as kubectl merges them: the first to name
 * something wins. Ours is written as JSON, which is YAML too, so that reading it back needs no YAML parser.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import { didYouMean } from '../base/did-you-mean.ts'
import { fail, ok, type Problem, type Result } from '../base/problem.ts'
import type { Connection } from './connection.ts'

interface NamedEntry<K extends string, V> {
  readonly name: string
  readonly entry: { readonly [key in K]?: V } & { readonly name: string }
  /** The file it came from: relative paths in it start there. */
  readonly file: string
}

interface ClusterEntry {
  readonly server?: string
  readonly 'certificate-authority'?: string
  readonly 'certificate-authority-data'?: string
  readonly 'insecure-skip-tls-verify'?: boolean
  readonly 'tls-server-name'?: string
  readonly 'proxy-url'?: string
}

interface UserEntry {
  readonly token?: string
  readonly tokenFile?: string
  readonly 'client-certificate'?: string
  readonly 'client-certificate-data'?: string
  readonly 'client-key'?: string
  readonly 'client-key-data'?: string
  readonly username?: string
  readonly exec?: { readonly command?: string }
  readonly 'auth-provider'?: unknown
}

interface ContextEntry {
  readonly cluster?: string
  readonly user?: string
  readonly namespace?: string
}

interface KubeconfigFile {
  readonly 'current-context'?: string
  readonly clusters?: readonly { readonly name: string; readonly cluster?: ClusterEntry }[]
  readonly users?: readonly { readonly name: string; readonly user?: UserEntry }[]
  readonly contexts?: readonly { readonly name: string; readonly context?: ContextEntry }[]
}

export interface KubeconfigChoice {
  /** `--kubeconfig`: this file only. */
  readonly file?: string
  /** `--context`; the file's current one unless given. */
  readonly context?: string
  readonly env?: NodeJS.ProcessEnv
}

/** The files that count: the one given, else $KUBECONFIG's list, else ~/.kube/config. */
function kubeconfigFiles({ file, env = process.env }: KubeconfigChoice): readonly string[] {
  if (file) return [file]
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter(Boolean)
  return listed.length > 0 ? listed : [join(homedir(), '.kube', 'config')]
}

/** Finds the chosen context's server and credentials. */
export async function readKubeconfig(choice: KubeconfigChoice = {}): Promise<Result<Connection>> {
  const paths = kubeconfigFiles(choice)
  const files: { readonly path: string; readonly content: KubeconfigFile }[] = []
  for (const path of paths) {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      // In a list, as in kubectl, a file that is not there is passed over.
      if (paths.length > 1 && (error as NodeJS.ErrnoException).code === 'ENOENT') continue
      return fail({ field: path, what: `cannot be read: ${(error as Error).message}` })
    }
    try {
      files.push({ path, content: (await parse(text)) ?? {} })
    } catch (error) {
      return fail({ field: path, what: `is not a kubeconfig: ${(error as Error).message}` })
    }
  }
  return connectionFrom(files, choice.context)
}

/** JSON is what we write; the parser for everything else is loaded only when it is needed. */
async function parse(text: string): Promise<KubeconfigFile | null> {
  if (text.trimStart().startsWith('{')) return JSON.parse(text)
  const { parse: parseYaml } = await import('yaml')
  return parseYaml(text)
}

function connectionFrom(
  files: readonly { readonly path: string; readonly content: KubeconfigFile }[],
  wanted: string | undefined,
): Result<Connection> {
  const clusters = entries<'cluster', ClusterEntry>(files, 'clusters')
  const users = entries<'user', UserEntry>(files, 'users')
  const contexts = entries<'context', ContextEntry>(files, 'contexts')
  const where = files.map(({ path }) => path).join(', ')
  const name = wanted ?? files.map(({ content }) => content['current-context']).find(Boolean)
  if (!name) return fail({ field: where, what: 'names no current context', fix: 'Name one with --context.' })
  const context = contexts.find(each => each.name === name)?.entry.context
  if (!context) {
    const names = contexts.map(each => each.name)
    const known = names.length > 0 ? `It has ${names.map(each => `"${each}"`).join(', ')}.` : 'It has none.'
    return fail({ field: where, what: `has no context "${name}"`, fix: didYouMean(name, names) ?? known })
  }
  const cluster = clusters.find(each => each.name === context.cluster)
  if (!cluster?.entry.cluster?.server) {
    return fail({ field: where, what: `has no server for cluster "${context.cluster ?? ''}" of context "${name}"` })
  }
  const user = users.find(each => each.name === context.user)
  const refused = refusal(cluster.entry.cluster, user?.entry.user ?? {}, context)
  if (refused) return fail({ field: where, ...refused })
  try {
    return ok(assemble(cluster.entry.cluster, cluster.file, user?.entry.user ?? {}, user?.file ?? '', context))
  } catch (error) {
    return fail({ field: where, what: `names a file that cannot be read: ${(error as Error).message}` })
  }
}

/** What we do not do, said before a request fails in a riddle. */
function refusal(cluster: ClusterEntry, user: UserEntry, context: ContextEntry): Omit<Problem, 'field'> | undefined {
  const who = `user "${context.user}"`
  if (user.exec) {
    return {
      what: `${who} gets its credentials from the program "${user.exec.command ?? ''}"`,
      why: 'Solvent runs no credential plugins',
      fix: 'Use a context with a token or a client certificate, for instance from `kubectl create token`.',
    }
  }
  if (user['auth-provider'] || user.username) {
    return {
      what: `${who} logs in with ${user.username ? 'a password' : 'an auth-provider'}`,
      why: 'Kubernetes removed it',
      fix: 'Use a context with a token or a client certificate.',
    }
  }
  if (cluster['proxy-url']) {
    return { what: `cluster "${context.cluster}" is reached through a proxy-url`, why: 'Solvent connects directly' }
  }
  return undefined
}

function assemble(
  cluster: ClusterEntry,
  clusterFile: string,
  user: UserEntry,
  userFile: string,
  context: ContextEntry,
): Connection {
  const pem = (data: string | undefined, path: string | undefined, file: string): string | undefined =>
    data ? Buffer.from(data, 'base64').toString('utf8') : path ? readFileSync(beside(file, path), 'utf8') : undefined
  return {
    server: cluster.server!,
    ca: pem(cluster['certificate-authority-data'], cluster['certificate-authority'], clusterFile),
    cert: pem(user['client-certificate-data'], user['client-certificate'], userFile),
    key: pem(user['client-key-data'], user['client-key'], userFile),
    token: user.token,
    tokenFile: user.tokenFile ? beside(userFile, user.tokenFile) : undefined,
    serverName: cluster['tls-server-name'],
    insecureSkipVerify: cluster['insecure-skip-tls-verify'],
    namespace: context.namespace,
  }
}

const beside = (file: string, path: string): string => (isAbsolute(path) ? path : resolve(dirname(file), path))

function entries<K extends string, V>(
  files: readonly { readonly path: string; readonly content: KubeconfigFile }[],
  list: 'clusters' | 'users' | 'contexts',
): readonly NamedEntry<K, V>[] {
  return files.flatMap(({ path, content }) =>
    (content[list] ?? []).map(entry => ({ name: entry.name, entry: entry as NamedEntry<K, V>['entry'], file: path })),
  )
}

export interface WrittenKubeconfig {
  readonly server: string
  readonly ca: string
  /** Who the user is: a token or a certificate with its key, both PEM. */
  readonly token?: string
  readonly cert?: string
  readonly key?: string
  readonly name?: string
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const pair = (cert?: string, key?: string) =>
  cert && key ? { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } : {}

/** Writes a kubeconfig for one cluster, readable by its owner alone, whole or not at all. */
export function writeKubeconfig(
  path: string,
  { server, ca, token, cert, key, name = 'solvent' }: WrittenKubeconfig,
): void {
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name, user: { token, ...pair(cert, key) } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 })
  chmodSync(temporary, 0o600)
  renameSync(temporary, path)
}
