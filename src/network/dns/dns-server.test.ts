/** The server as resolvers meet it: Node's c-ares by UDP and TCP, and bytes that nobody should send. */

import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { type DnsRecord, formatName } from './dns-message.ts'
import { answerTo, type DnsServer, startDnsServer } from './dns-server.ts'
import { createForward, parseResolvers } from './forward-question.ts'
import { questionFor } from './resolve-target.ts'
import type { Zone } from './zone.ts'

const name = 'many.ns.svc.cluster.local'
const addresses = Array.from({ length: 80 }, (_, i) => `10.0.0.${i + 1}`)
const zone: Zone = new Map<string, readonly DnsRecord[]>([
  ['one.ns.svc.cluster.local', [{ name: 'one.ns.svc.cluster.local', type: 'A', address: '10.0.0.1' }]],
  [name, addresses.map(address => ({ name, type: 'A', address }))],
  ['far.ns.svc.cluster.local', [{ name: 'far.ns.svc.cluster.local', type: 'CNAME', target: 'db.example.com' }]],
])
const isOurs = (): boolean => false
let forwarded: Buffer[] = []

/** A resolver of the machine that knows one name, behind an alias. */
async function forward(question: Buffer): Promise<Buffer | undefined> {
  forwarded.push(question)
  if (!question.includes('example')) return undefined
  const answer = Buffer.from(question)
  answer.writeUInt16BE(0x8180, 2)
  answer.writeUInt16BE(2, 6)
  answer.writeUInt16BE(0, 10)
  const end = question.indexOf(0, 12) + 5
  const record = (type: number, data: Buffer): Buffer =>
    Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 9, 0, data.length]), data])
  return Buffer.concat([
    answer.subarray(0, end),
    record(5, formatName('x.org')),
    record(1, Buffer.from([192, 0, 2, 7])),
  ])
}

let server: DnsServer
let resolver: Resolver
beforeEach(async () => {
  forwarded = []
  server = await startDnsServer({ address: '127.0.0.1', port: 0, zone: async () => zone, isOurs, forward })
  resolver = new Resolver({ tries: 1, timeout: 2000 })
  resolver.setServers([`127.0.0.1:${server.port}`])
})
afterEach(() => server.close())

test('a name is found whatever its case, and one that is not there is not', async () => {
  expect(await resolver.resolve4('one.ns.svc.cluster.local')).toEqual(['10.0.0.1'])
  expect(await resolver.resolve4('ONE.ns.svc.Cluster.Local')).toEqual(['10.0.0.1'])
  await expect(resolver.resolve4('two.ns.svc.cluster.local')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  await expect(resolver.resolve6('one.ns.svc.cluster.local')).rejects.toMatchObject({ code: 'ENODATA' })
})

test('what does not fit into a datagram is asked for again by TCP', async () => {
  expect((await resolver.resolve4(name)).sort()).toEqual([...addresses].sort())
})

test('a name that leads outside comes with the addresses from there', async () => {
  expect(await resolver.resolve4('far.ns.svc.cluster.local')).toEqual(['192.0.2.7'])
  expect(await resolver.resolveCname('far.ns.svc.cluster.local')).toEqual(['db.example.com'])
})

test('names outside are the machine’s resolvers’ to answer; where none does, that is said', async () => {
  expect(await resolver.resolve4('db.example.com')).toEqual(['192.0.2.7'])
  await expect(resolver.resolve4('silent.org')).rejects.toMatchObject({ code: 'ESERVFAIL' })
})

test('no bytes break it, and every answer repeats its question’s number', async () => {
  const question = questionFor(7, 'one.ns.svc.cluster.local', 1)
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map(array => Buffer.from(array)),
    fc.tuple(fc.nat(question.length - 1), fc.nat(255)).map(([at, value]) => {
      const changed = Buffer.from(question)
      changed[at] = value
      return changed
    }),
    fc.nat(question.length).map(length => question.subarray(0, length)),
  )
  const options = { zone: async () => zone, isOurs, forward }
  await fc.assert(
    fc.asyncProperty(bytes, async message => {
      const answer = await answerTo(message, 'udp', options)
      if (answer) expect(answer.readUInt16BE(0)).toBe(message.readUInt16BE(0))
    }),
  )
})

test('a resolver that is silent is left alone for a while', async () => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  await once(silent, 'listening')
  let asked = 0
  silent.on('message', () => asked++)
  let now = 0
  const waits: (() => void)[] = []
  const clock = {
    ...systemClock,
    monotonicMs: () => now,
    after: (_ms: number, act: () => void) => {
      waits.push(act)
      return () => {}
    },
  }
  const folder = mkdtempSync(join(tmpdir(), 'solvent-dns-'))
  writeFileSync(`${folder}/resolv.conf`, 'nameserver 127.0.0.1\n')
  const ask = createForward({ clock, file: `${folder}/resolv.conf`, port: silent.address().port })
  const question = questionFor(1, 'x.org', 1)
  const first = ask(question, 'udp')
  await once(silent, 'message')
  for (const act of waits.splice(0)) act()
  expect(await first).toBeUndefined()
  expect(await ask(question, 'udp')).toBeUndefined()
  expect(asked).toBe(1)
  now = 6_000
  const third = ask(question, 'udp')
  await once(silent, 'message')
  for (const act of waits.splice(0)) act()
  await third
  silent.close()
  rmSync(folder, { recursive: true })
})

test('the machine’s resolvers are read as they are written', () => {
  expect(parseResolvers('# x\nnameserver 1.1.1.1\nsearch a\nnameserver\t::1\n#nameserver 9.9.9.9\n')).toEqual([
    '1.1.1.1',
    '::1',
  ])
})
