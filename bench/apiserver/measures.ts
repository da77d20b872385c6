/** What is measured on a side that runs: each function is one number of the table. All requests are the non-admin user's. */
import { quantile } from '../harness/report.ts'
import { podOf } from './pod.ts'
import { NAMESPACE, PODS } from './prepare.ts'
import { type Endpoint, openMany, RawConnection, rate } from './raw-client.ts'

/** Enough that a server on one core is never idle, as many clients at once would keep it. */
const CONNECTIONS = 16

const nameOf = (index: number): string => `pod-${String(index).padStart(6, '0')}`
/** Every object once before any comes again, in no order that a cache would like. */
const scattered = (index: number, count: number): number => (index * 7919) % count

async function withConnections<T>(user: Endpoint, use: (all: Awaited<ReturnType<typeof openMany>>) => Promise<T>) {
  const connections = await openMany(user, CONNECTIONS)
  try {
    return await use(connections)
  } finally {
    for (const connection of connections) connection.close()
  }
}

/** Creates the pods `from` to `to`. */
export const createsPerSecond = (user: Endpoint, from: number, to: number): Promise<number> =>
  withConnections(user, connections =>
    rate(
      connections,
      to - from,
      index => ({ method: 'POST', path: PODS, body: podOf(NAMESPACE, nameOf(from + index)) }),
      201,
    ),
  )

export const getsPerSecond = (user: Endpoint, total: number, pods: number): Promise<number> =>
  withConnections(user, connections =>
    rate(connections, total, index => ({ method: 'GET', path: `${PODS}/${nameOf(scattered(index, pods))}` }), 200),
  )

const patchOf = (index: number, pods: number, mark: string) => ({
  method: 'PATCH',
  path: `${PODS}/${nameOf(scattered(index, pods))}`,
  contentType: 'application/strategic-merge-patch+json',
  body: JSON.stringify({ metadata: { annotations: { mark } } }),
})

export const patchesPerSecond = (user: Endpoint, total: number, pods: number, round: number): Promise<number> =>
  withConnections(user, connections =>
    rate(connections, total, index => patchOf(index, pods, `${round}.${index}`), 200),
  )

/** Milliseconds of one list of all pods, unpaged, whole and received. */
export async function listMs(user: Endpoint, pods: number, gzip: boolean): Promise<number> {
  const connection = await RawConnection.open(user)
  const headers: Record<string, string> = gzip ? { 'accept-encoding': 'gzip' } : {}
  const started = performance.now()
  const answer = await connection.send({ method: 'GET', path: PODS, headers })
  const took = performance.now() - started
  connection.close()
  if (answer.status !== 200 || answer.bytes < pods * (gzip ? 20 : 1000)) {
    throw new Error(`the list has ${answer.bytes} bytes under ${answer.status}`)
  }
  return took
}

export interface Latency {
  readonly p50: number
  readonly p99: number
}

const WATCHERS = 100
/** Marks are never used twice: a patch that changes nothing is no event. */
let marks = 0
const GAP_MS = 20

/** From sending a patch to the event's arrival, over all watchers and events. */
export async function watchLatency(user: Endpoint, events: number, pods: number): Promise<Latency> {
  const sentAt = new Map<number, number>()
  const latencies: number[] = []
  const watchers = await Promise.all(Array.from({ length: WATCHERS }, () => RawConnection.open(user)))
  const writer = await RawConnection.open(user)
  const version = await newestVersion(user)
  let heard = 0
  let allHeard = (): void => {}
  const complete = new Promise<void>(resolve => {
    allHeard = resolve
  })
  await Promise.all(
    watchers.map(watcher => {
      let rest = ''
      return watcher.stream({ method: 'GET', path: `${PODS}?watch=true&resourceVersion=${version}` }, piece => {
        const now = performance.now()
        const text = rest + piece.toString('latin1')
        let end = 0
        for (const { 1: mark, index } of text.matchAll(/"mark":"m(\d+)m"/g)) {
          latencies.push(now - (sentAt.get(Number(mark)) ?? Number.NaN))
          end = index + 1
          if (++heard === WATCHERS * events) allHeard()
        }
        // A mark may be cut by the piece's end.
        rest = text.slice(Math.max(end, text.length - 20))
      })
    }),
  )
  for (let event = 0; event < events; event++) {
    await new Promise(resolve => setTimeout(resolve, GAP_MS))
    const mark = marks++
    sentAt.set(mark, performance.now())
    const answer = await writer.send(patchOf(event, pods, `m${mark}m`))
    if (answer.status !== 200) throw new Error(`the patch was answered ${answer.status}`)
  }
  await complete
  for (const connection of [...watchers, writer]) connection.close()
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }
}

async function newestVersion(user: Endpoint): Promise<string> {
  const connection = await RawConnection.open(user)
  const { body } = await connection.send({ method: 'GET', path: `${PODS}?limit=1` }, true)
  connection.close()
  return JSON.parse(body.toString()).metadata.resourceVersion
}
