/** Asks a webhook: an HTTPS POST with a time limit, to a URL or to whatever stands behind a Service. */
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { WebhookClientConfig } from '../../kube/workloads.ts'
import type { Store } from '../store/store.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly path: string
  /** The name that the certificate has to bear. */
  readonly serverName: string
  readonly ca: string | undefined
  /** How messages name it. */
  readonly shown: string
}

interface EndpointSlice {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[]
    readonly conditions?: { readonly ready?: boolean }
  }[]
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[]
}

interface Service {
  readonly spec: {
    readonly clusterIP?: string
    readonly ports?: readonly { readonly name?: string; readonly port: number }[]
  }
}

/** Where a configuration points; text where it points nowhere. */
export function endpointOf(store: Store, { url, service, caBundle }: WebhookClientConfig): Endpoint | string {
  const ca = caBundle ? Buffer.from(caBundle, 'base64').toString('utf8') : undefined
  if (url !== undefined) {
    if (!URL.canParse(url)) return `parse ${JSON.stringify(url)}: invalid URL`
    const { hostname, port, pathname, search, protocol } = new URL(url)
    if (protocol !== 'https:') return 'a webhook must be reached by https'
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    return { host, port: Number(port || 443), path: pathname + search, serverName: host, ca, shown: url }
  }
  if (!service) return 'exactly one of url or service is required'
  const { namespace, name, path = '/', port = 443 } = service
  const found = store.get({ resource: 'services', namespace, name }) as unknown as Service | undefined
  if (!found) return `service "${name}" not found`
  const serverName = `${name}.${namespace}.svc`
  const shown = `https://${serverName}:${port}${path}`
  const behind = backendOf(store, namespace, name, found, port)
  if (!behind) return `Post "${shown}": no endpoints available for service "${name}"`
  return { ...behind, path, serverName, ca, shown }
}

/** A ready address behind the port of a Service; an address that a Service was given by hand counts too. */
function backendOf(store: Store, namespace: string, name: string, { spec }: Service, port: number) {
  const wanted = spec.ports?.find(each => each.port === port)
  if (!wanted) return undefined
  const slices = store
    .list({ resource: 'discovery.k8s.io/endpointslices', namespace })
    .items.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
  for (const slice of slices as unknown as readonly EndpointSlice[]) {
    const target = slice.ports?.find(each => (each.name ?? '') === (wanted.name ?? ''))?.port
    const ready = slice.endpoints?.find(each => each.conditions?.ready !== false)?.addresses[0]
    if (target !== undefined && ready !== undefined) return { host: ready, port: target }
  }
  return undefined
}

/** No answer of a webhook is larger. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024

/** The parsed answer. Rejects with Go's words for what went wrong. */
export function post(endpoint: Endpoint, body: unknown, timeoutSeconds: number): Promise<unknown> {
  const { host, port, path, serverName, ca, shown } = endpoint
  const url = shown.includes('?') ? `${shown}&timeout=${timeoutSeconds}s` : `${shown}?timeout=${timeoutSeconds}s`
  const failed = (why: string): Error => new Error(`Post "${url}": ${why}`)
  return new Promise((resolve, reject) => {
    const text = Buffer.from(JSON.stringify(body))
    const sent = httpsRequest(
      {
        host,
        port,
        method: 'POST',
        path: path.includes('?') ? `${path}&timeout=${timeoutSeconds}s` : `${path}?timeout=${timeoutSeconds}s`,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, */*',
          'content-length': text.length,
          host: `${serverName}:${port}`,
        },
        ...(ca !== undefined && { ca }),
        ...(!/^[\d.:]+$/.test(serverName) && { servername: serverName }),
        signal: AbortSignal.timeout(timeoutSeconds * 1000),
        agent: false,
      },
      response => answerOf(response).then(resolve, (error: Error) => reject(failed(error.message))),
    )
    sent.on('error', error => {
      const isLate = error.name === 'TimeoutError' || error.name === 'AbortError'
      reject(failed(isLate ? 'context deadline exceeded' : words(error)))
    })
    sent.end(text)
  })
}

async function answerOf(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too large')
    chunks.push(chunk)
  }
  const answer = Buffer.concat(chunks).toString('utf8')
  const { statusCode = 500 } = response
  if (statusCode >= 300) throw new Error(answer.trim() || `the server responded with the status code ${statusCode}`)
  try {
    return JSON.parse(answer)
  } catch {
    throw new Error('the answer is no JSON')
  }
}

function words(error: Error & { readonly code?: string }): string {
  if (error.code === 'ECONNREFUSED') return 'dial tcp: connect: connection refused'
  if (error.code === 'ENOTFOUND') return 'dial tcp: lookup: no such host'
  if (/self.signed|unable to (verify|get)|issuer/i.test(error.message)) {
    return 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
  }
  return error.message
}
