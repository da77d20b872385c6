/** One fuzzed request of each sort. All are whole on the wire but those of `broken`, which end their connection. */

import type { Random } from './random.ts'
import { mangle, nameOf, objectOf, PLACES, type Place, strange } from './values.ts'

export interface FuzzedRequest {
  readonly sort: string
  readonly bytes: Buffer
  /** Nothing can be expected of the connection after it. */
  readonly endsConnection: boolean
}

interface Parts {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

const JSON_TYPE = 'application/json'
const PATCHES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}
const PROTOBUF = 'application/vnd.kubernetes.protobuf'

/** Half a character would not be encoded at all. */
const wellFormed = (text: string): string => Buffer.from(text).toString()

const oneLine = (text: string): string => text.replace(/[\r\n\0]/g, ' ').replace(/[^\x20-\xff]/g, '?')
/** A path that HTTP can carry: what it means is the server's to find out. */
const onTheWire = (path: string): string =>
  path.replace(/[\s\0]|[^\x21-\x7e]/g, character => encodeURIComponent(wellFormed(character)))

const objectPath = (random: Random, place: Place): string =>
  `${place.path}/${place.kind === 'CustomResourceDefinition' ? 'widgets.example.dev' : nameOf(random)}`

const SUBRESOURCES = [
  '',
  '',
  '',
  '/status',
  '/scale',
  '/log',
  '/binding',
  '/eviction',
  '/token',
  '/exec',
  '/resize',
  '/finalize',
  '/approval',
  '/ephemeralcontainers',
]

const ACCEPTS = [
  JSON_TYPE,
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf,application/json',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  '*/*',
  'text/html',
]

const OPTIONS = [
  'watch',
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'allowWatchBookmarks',
  'labelSelector',
  'fieldSelector',
  'dryRun',
  'fieldManager',
  'fieldValidation',
  'force',
  'pretty',
  'propagationPolicy',
  'gracePeriodSeconds',
  'includeObject',
  'timeout',
  'tailLines',
  'command',
  'verbose',
]
const VALUES = [
  '',
  'true',
  'false',
  '1',
  '0',
  '-1',
  '500',
  'All',
  'Exact',
  'NotOlderThan',
  'Strict',
  'Background',
  '99999999999999999999',
  'metadata.name=n1',
  'app=a',
  'app in (a,b),!c',
  'status.phase!=Running',
  'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0',
]

function query(random: Random): string {
  const pairs = Array.from({ length: random.below(5) }, () => {
    const key = random.chance(0.9) ? random.one(OPTIONS) : random.text(8)
    const value = random.chance(0.7) ? random.one(VALUES) : random.text(20)
    return `${key}=${random.chance(0.8) ? encodeURIComponent(wellFormed(value)) : value}`
  })
  // Whatever it asks for: a watch ends, so that the next request has its turn.
  return `?${[...pairs, 'timeoutSeconds=1'].join('&')}`
}

const TERMS = [
  'a',
  'b',
  '=',
  '==',
  '!=',
  '!',
  ' in ',
  ' notin ',
  '(',
  ')',
  ',',
  '>',
  '<',
  'x/y',
  '-',
  '.',
  ' ',
  'metadata.name',
  'spec.nodeName',
  'é',
]
const selector = (random: Random): string => Array.from({ length: random.below(12) }, () => random.one(TERMS)).join('')

const SORTS: Readonly<Record<string, (random: Random) => Parts>> = {
  body: random => {
    const place = random.one(PLACES)
    const body = JSON.stringify(mangle(random, objectOf(random, place)))
    const isCreate = random.chance(0.6)
    return {
      method: isCreate ? 'POST' : 'PUT',
      path:
        (isCreate ? place.path : objectPath(random, place) + random.one(SUBRESOURCES)) +
        (random.chance(0.3) ? query(random) : ''),
      body: random.chance(0.9) ? body : body.slice(0, random.below(body.length)),
    }
  },
  garbage: random => ({
    method: random.one(['POST', 'PUT', 'PATCH', 'DELETE']),
    path: objectPath(random, random.one(PLACES)),
    headers: {
      'content-type': random.one([JSON_TYPE, PROTOBUF, 'application/yaml', ...Object.values(PATCHES), random.text(10)]),
    },
    body: Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256))),
  }),
  jsonPatch: random => ({
    method: 'PATCH',
    path: objectPath(random, random.one(PLACES)) + random.one(SUBRESOURCES),
    headers: { 'content-type': PATCHES.json },
    body: JSON.stringify(
      mangle(
        random,
        Array.from({ length: random.below(8) }, () => ({
          op: random.one(['add', 'remove', 'replace', 'move', 'copy', 'test']),
          path: random.one([
            '/metadata/labels',
            '/metadata/labels/app',
            '/spec',
            '/spec/containers/0',
            '/spec/containers/-',
            '',
            '/',
            '/data/a~1b',
            '/metadata/managedFields',
          ]),
          from: random.one(['/metadata', '/spec', '/data', '']),
          value: strange(random),
        })),
      ),
    ),
  }),
  mergePatch: random => {
    const place = random.one(PLACES)
    return {
      method: 'PATCH',
      path: objectPath(random, place) + random.one(SUBRESOURCES),
      headers: { 'content-type': random.one([PATCHES.merge, PATCHES.strategic]) },
      body: JSON.stringify(mangle(random, objectOf(random, place))),
    }
  },
  apply: random => {
    const place = random.one(PLACES)
    const object = objectOf(random, place)
    return {
      method: 'PATCH',
      path: `${place.path}/${(object.metadata as { name: string }).name}?fieldManager=${random.one(['a', 'b', ''])}&force=${random.chance(0.5)}`,
      headers: { 'content-type': PATCHES.apply },
      body: JSON.stringify(mangle(random, object)),
    }
  },
  yaml: random => ({
    method: 'POST',
    path: random.one(PLACES).path,
    headers: { 'content-type': 'application/yaml' },
    body: random.one([
      () => `a: &a [x]\nb: [${'*a,'.repeat(random.below(50))}]\n`,
      () => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${nameOf(random)}}\ndata: {a: ${random.text(20)}}\n`,
      () => `${'- '.repeat(random.below(300))}x`,
      () => random.text(200),
    ])(),
  }),
  protobuf: random => {
    const unknown = Buffer.from('6b3873000a0f0a0276311209436f6e6669674d6170', 'hex')
    const raw = Buffer.from(Array.from({ length: random.below(120) }, () => random.below(256)))
    const body = Buffer.concat([unknown, Buffer.from([0x12, raw.length]), raw])
    for (let change = random.below(4); change > 0; change--) body[4 + random.below(body.length - 4)] = random.below(256)
    return { method: 'POST', path: random.one(PLACES).path, headers: { 'content-type': PROTOBUF }, body }
  },
  read: random => {
    const place = random.one(PLACES)
    return {
      method: random.one(['GET', 'GET', 'GET', 'HEAD', 'DELETE', 'OPTIONS']),
      path: (random.chance(0.5) ? place.path : objectPath(random, place) + random.one(SUBRESOURCES)) + query(random),
      headers: {
        accept: random.chance(0.8) ? random.one(ACCEPTS) : random.text(30),
        'accept-encoding': random.one(['gzip', 'identity', 'br', '*']),
      },
    }
  },
  selector: random => ({
    method: 'GET',
    path: `${random.one(PLACES).path}?${random.one(['labelSelector', 'fieldSelector'])}=${encodeURIComponent(selector(random))}`,
  }),
  path: random => ({
    method: random.one(['GET', 'POST', 'PUT', 'DELETE', 'PATCH']),
    path: random.chance(0.5)
      ? `/${random.text(30)}`
      : `${random.one(['/api', '/apis', '/openapi/v3', '/api/v1', '/livez', '/version', '/.well-known'])}/${random.text(15)}`,
  }),
  token: random => ({
    method: 'GET',
    path: random.one(PLACES).path,
    headers: {
      authorization: random.one([
        () => `Bearer ${random.text(40)}`,
        () => random.text(40),
        () =>
          `Bearer ${Buffer.from(JSON.stringify({ alg: random.one(['none', 'ES256', 'HS256']), kid: random.text(5) })).toString('base64url')}.${Buffer.from(JSON.stringify(strange(random)) ?? '').toString('base64url')}.${Buffer.from(random.text(64)).toString('base64url')}`,
        () => 'Bearer a.b.c',
        () => 'Basic YTpi',
      ])(),
      'impersonate-user': random.text(10),
    },
  }),
  headers: random => ({
    method: 'POST',
    path: random.one(PLACES).path,
    headers: {
      [random.one([
        'content-encoding',
        'x-forwarded-for',
        'if-none-match',
        'range',
        'impersonate-group',
        'origin',
        'te',
      ])]: random.text(30),
      'content-type': random.text(20),
    },
    body: '{}',
  }),
}

/** Streams, and what no HTTP parser can go on after. */
const ENDING: Readonly<Record<string, (random: Random, token: string) => Buffer>> = {
  upgrade: (random, token) => {
    const [protocol, ...frames] = [
      random.one(['websocket', 'SPDY/3.1', random.text(6)]),
      ...Array.from({ length: random.below(60) }, () => random.below(256)),
    ]
    const lines = [
      `GET ${objectPath(random, PLACES[0] as Place)}/${random.one(['exec', 'attach', 'portforward', 'log'])}?command=ls&container=c&stdin=true HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${token}`,
      'connection: Upgrade',
      `upgrade: ${oneLine(protocol)}`,
      'sec-websocket-version: 13',
      `sec-websocket-key: ${random.chance(0.7) ? 'dGhlIHNhbXBsZSBub25jZQ==' : oneLine(random.text(10))}`,
      `sec-websocket-protocol: ${random.one(['v5.channel.k8s.io', 'v4.channel.k8s.io', 'SPDY/3.1+portforward.k8s.io', oneLine(random.text(10))])}`,
    ]
    return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(frames)])
  },
  broken: (random, token) =>
    Buffer.from(
      random.one([
        () => `${random.text(30)}\r\n\r\n`,
        () => `GET /api HTTP/1.1\r\nhost: x\r\n${random.text(60)}\r\n\r\n`,
        () =>
          `POST /api/v1/namespaces HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}`,
        () =>
          `POST /api/v1/namespaces HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ntransfer-encoding: chunked\r\n\r\n${random.text(10)}\r\n`,
        () => `GET /api HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(random.below(100_000))}\r\n\r\n`,
        () =>
          `POST /api/v1/namespaces HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: 4000000\r\n\r\n{`,
      ])(),
    ),
}

const MAKERS = Object.entries(SORTS)

export function fuzzedRequest(random: Random, token: string): FuzzedRequest {
  if (random.chance(0.02)) {
    const sort = random.one(Object.keys(ENDING))
    return { sort, bytes: ENDING[sort]?.(random, token) ?? Buffer.alloc(0), endsConnection: true }
  }
  const [sort, make] = random.one(MAKERS)
  const { method, path, headers = {}, body } = make(random)
  const payload = body === undefined ? undefined : Buffer.from(body as string)
  const all = {
    host: 'localhost',
    authorization: `Bearer ${token}`,
    ...(payload && { 'content-type': JSON_TYPE, 'content-length': String(payload.length) }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${oneLine(value)}`)
  const head = `${method} ${onTheWire(path)} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
  return {
    sort,
    bytes: Buffer.concat([Buffer.from(head, 'latin1'), payload ?? Buffer.alloc(0)]),
    endsConnection: false,
  }
}
