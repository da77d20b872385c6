/** Sends the scenarios' requests to a server and writes down what it answers, normalised. */
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https'
import { isRecord } from '../../src/kube/equal.ts'
import { type Names, newNames, normalised, withoutLoneNumbers } from './normalise.ts'
import type { Request, Scenario } from './requests/request.ts'

export interface Server {
  readonly url: string
  /** Certificates or a token of an administrator. */
  readonly tls: Pick<RequestOptions, 'ca' | 'cert' | 'key'>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  /** `SCENARIO/NUMBER METHOD PATH`: how differences and recordings name it. */
  readonly of: string
  readonly code: number
  readonly type: string
  readonly warnings?: readonly string[]
  readonly body?: unknown
}

export type Client = (scenario: Scenario) => Promise<readonly Answer[]>

export function createClient(server: Server): { readonly run: Client; close(): void } {
  const agent = new Agent({ keepAlive: true, ...server.tls })
  return { run: scenario => runScenario({ server, agent }, scenario), close: () => agent.destroy() }
}

interface Connection {
  readonly server: Server
  readonly agent: Agent
}

interface Raw {
  readonly code: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

async function runScenario(connection: Connection, scenario: Scenario): Promise<readonly Answer[]> {
  const namespace = `t-${scenario.name.replace(/[^a-z0-9]+/g, '-')}`
  const kept = new Map<string, string>()
  const names = newNames(namespace)
  await prepare(connection, namespace)
  const answers: Answer[] = []
  for (const [i, step] of scenario.requests.entries()) {
    const raw = await sendStep(connection, step, namespace, kept)
    keep(step, raw, kept, names)
    if (!step.unseen) answers.push({ of: `${scenario.name}/${i + 1} ${step.send}`, ...answerOf(step, raw, names) })
  }
  await exchange(connection, { send: `DELETE /api/v1/namespaces/${namespace}` })
  return withoutLoneNumbers(answers)
}

/** A namespace with what upstream's controllers put there at once. */
async function prepare(connection: Connection, name: string): Promise<void> {
  await exchange(connection, {
    send: 'POST /api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
  })
  await exchange(connection, {
    send: `POST /api/v1/namespaces/${name}/serviceaccounts`,
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
  })
}

const TRIES = 100

async function sendStep(
  connection: Connection,
  step: Request,
  namespace: string,
  kept: ReadonlyMap<string, string>,
): Promise<Raw> {
  const filled = <T>(value: T): T =>
    value === undefined
      ? value
      : (JSON.parse(fill(JSON.stringify(value).replaceAll(/(?<![A-Z_])NS(?![A-Z])/g, namespace), kept)) as T)
  const ready = { ...step, send: filled(step.send), ...(step.body !== undefined && { body: filled(step.body) }) }
  for (let tried = 1; ; tried++) {
    const raw = await exchange(connection, ready)
    if (step.until === undefined || raw.code === step.until || tried === TRIES) return raw
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

const fill = (text: string, kept: ReadonlyMap<string, string>): string =>
  text.replace(/\{(\w+)\}/g, (whole, word) => kept.get(word) ?? whole)

function keep({ keep: wanted = {} }: Request, { text }: Raw, kept: Map<string, string>, names: Names): void {
  for (const [word, path] of Object.entries(wanted)) {
    let value: unknown = parse(text)
    for (const key of path.split('.')) value = isRecord(value) || Array.isArray(value) ? Reflect.get(value, key) : value
    kept.set(word, String(value))
    if (path === 'metadata.name') names.words.set(String(value), `<${word}>`)
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function answerOf(step: Request, { code, headers, text }: Raw, names: Names): Omit<Answer, 'of'> {
  const warnings = [headers.warning ?? []].flat().flatMap(line => line.split(/, (?=299 )/))
  const isStream = step.events !== undefined && code === 200
  const lines = isStream ? text.split('\n').filter(Boolean).slice(0, step.events).map(parse) : undefined
  const body = lines ?? parse(text)
  const owners = step.owners ?? false
  return {
    code,
    type: String(headers['content-type'] ?? ''),
    ...(warnings.length > 0 && { warnings: normalised(warnings, names, owners) as string[] }),
    ...(text !== '' && { body: normalised(body, names, owners) }),
  }
}

/** A server that keeps silent is given this long. */
const PATIENCE_MS = 1500

function exchange({ server, agent }: Connection, step: Request): Promise<Raw> {
  const [method = 'GET', ...rest] = step.send.split(' ')
  const body =
    step.body === undefined ? undefined : typeof step.body === 'string' ? step.body : JSON.stringify(step.body)
  const headers = {
    accept: step.accept ?? 'application/json',
    'user-agent': step.agent ?? 'oracle/1',
    ...server.headers,
    ...(body !== undefined && {
      'content-type': step.type ?? 'application/json',
      'content-length': Buffer.byteLength(body),
    }),
  }
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(`${server.url}${rest.join(' ')}`, { method, headers, agent, ...server.tls }, response => {
      let text = ''
      const done = (): void => {
        clearTimeout(patience)
        resolve({ code: response.statusCode ?? 0, headers: response.headers, text })
      }
      const patience = setTimeout(() => sent.destroy(), PATIENCE_MS)
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (step.events !== undefined && text.split('\n').length > step.events && response.statusCode === 200)
          sent.destroy()
      })
      response.on('close', done)
    })
    sent.on('error', error => (sent.destroyed ? undefined : reject(error)))
    sent.end(body)
  })
}
