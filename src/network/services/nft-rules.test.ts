/** Changes of the kernel's table, pure: small, and never half of one. What the kernel makes of them is in service-proxy.test.ts. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseNetwork } from '../address-range.ts'
import type { Forwarding } from './forwarding.ts'
import { changedTable, parseCounters, TABLE, wholeTable, zonesAfter } from './nft-rules.ts'

const place = { machine: parseNetwork('10.0.80.0/24')!, nodeRanges: new Map() }
const forwarding = (part: Partial<Forwarding> = {}): Forwarding => ({
  key: 'tcp/80/ns/s',
  protocol: 'tcp',
  addresses: ['10.0.64.5'],
  port: 80,
  backends: [{ address: '10.0.0.1', port: 8080 }],
  isLocalOnly: false,
  isMetered: false,
  ...part,
})
const NO_ZONES = new Map<string, number>()
const changes = (before: readonly Forwarding[], after: readonly Forwarding[]): readonly string[] =>
  changedTable({ forwardings: before, zones: NO_ZONES }, { forwardings: after, zones: NO_ZONES }, place)

test('an endpoint that comes is one chain filled anew', () => {
  const more = [...forwarding().backends, { address: '10.0.0.2', port: 8080 }]
  expect(changes([forwarding()], [forwarding({ backends: more })])).toEqual([
    `flush chain ${TABLE} tcp/80/ns/s`,
    `add rule ${TABLE} tcp/80/ns/s meta l4proto tcp dnat to numgen random mod 2 map { 0 : 10.0.0.1 . 8080, 1 : 10.0.0.2 . 8080 }`,
    `add element ${TABLE} hairpin { 10.0.0.2 . 10.0.0.2 }`,
  ])
})

test('what nobody can reach any more goes before what led there', () => {
  expect(changes([forwarding()], [])).toEqual([
    `delete element ${TABLE} services { 10.0.64.5 . tcp . 80 }`,
    `delete element ${TABLE} hairpin { 10.0.0.1 . 10.0.0.1 }`,
    `flush chain ${TABLE} tcp/80/ns/s`,
    `delete chain ${TABLE} tcp/80/ns/s`,
  ])
})

test('equal lists change nothing', () => {
  expect(changes([forwarding()], [forwarding()])).toEqual([])
})

test('the parts of clients with affinity are even', () => {
  const backends = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(address => ({ address, port: 1 }))
  const rules = changes([], [forwarding({ affinitySeconds: 9, backends })]).filter(line => line.includes('numgen'))
  expect(rules.map(line => /mod \d/.exec(line)?.[0])).toEqual(['mod 3', 'mod 2'])
})

test('traffic that stays on its node is led by where it comes from, and the machine is the first node', () => {
  const nodeRanges = new Map(['10.0.0.0/24', '10.0.1.0/24'].map((text, i) => [`n${i}`, parseNetwork(text)!]))
  const backends = [
    { address: '10.0.0.1', port: 1, node: 'n0' },
    { address: '10.0.1.1', port: 1, node: 'n1' },
  ]
  const text = wholeTable([forwarding({ isLocalOnly: true, backends })], { ...place, nodeRanges })
  expect(text).toContain('ip saddr { 10.0.0.0/24, 10.0.80.0/24 } meta l4proto tcp dnat to 10.0.0.1:1')
  expect(text).toContain('ip saddr { 10.0.1.0/24 } meta l4proto tcp dnat to 10.0.1.1:1')
})

test('a UDP Service moves to another zone when a backend leaves, and only then', () => {
  const [a, b] = ['10.0.0.1', '10.0.0.2'].map(address => ({ address, port: 53 })) as [
    { address: string; port: number },
    { address: string; port: number },
  ]
  const udp = (...backends: (typeof a)[]): readonly Forwarding[] => [forwarding({ protocol: 'udp', backends })]
  const first = zonesAfter(NO_ZONES, [], udp(a), 7)
  const grown = zonesAfter(first, udp(a), udp(a, b), 7)
  const shrunk = zonesAfter(grown, udp(a, b), udp(b), 7)
  expect([first, grown, shrunk].map(zones => zones.get('tcp/80/ns/s'))).toEqual([7, 7, 8])
  expect(zonesAfter(new Map([['tcp/80/ns/s', 65_535]]), udp(a), udp(b), 7).get('tcp/80/ns/s')).toBe(1)
})

/** Runs the commands on a model of the table: what is added twice or taken from nowhere would fail the whole transaction. */
function perform(present: Set<string>, commands: readonly string[]): void {
  for (const command of commands) {
    const [, verb, what, rest] = /^(add|delete|flush) (\w+) ip solvent (.*)$/.exec(command) ?? []
    if (verb === 'flush' || what === 'rule') continue
    const name = `${what} ${verb === 'add' && what !== 'element' ? rest!.split(' ')[0] : rest!.replace(/ : .* }$/, ' }')}`
    expect(present.has(name), command).toBe(verb === 'delete')
    if (verb === 'add') present.add(name)
    else present.delete(name)
  }
}

const anyForwarding = fc
  .record({
    index: fc.integer({ min: 0, max: 3 }),
    backends: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
    affinitySeconds: fc.option(fc.constantFrom(10, 20), { nil: undefined }),
    nodePort: fc.boolean(),
    isMetered: fc.boolean(),
  })
  .map(({ index, backends, nodePort, affinitySeconds, isMetered }) =>
    forwarding({
      key: `tcp/80/ns/s${index}`,
      addresses: [`10.0.64.${index}`],
      backends: backends.map(i => ({ address: `10.0.0.${i}`, port: 8080 })),
      ...(nodePort ? { nodePort: 30_000 + index } : {}),
      ...(affinitySeconds === undefined ? {} : { affinitySeconds }),
      isMetered,
    }),
  )
const anyTable = fc.uniqueArray(anyForwarding, { maxLength: 4, selector: each => each.key })

test('any way from table to table adds nothing twice, takes nothing that is not there, and ends the same', () => {
  fc.assert(
    fc.property(fc.array(anyTable, { minLength: 1, maxLength: 5 }), tables => {
      const present = new Set<string>()
      let before: readonly Forwarding[] = []
      for (const table of tables) {
        perform(present, changes(before, table))
        before = table
      }
      const fresh = new Set<string>()
      perform(fresh, changes([], before))
      expect([...present].sort()).toEqual([...fresh].sort())
    }),
  )
})

test('counters are read by key', () => {
  const text = 'table ip solvent {\n\tcounter meter/tcp/80/ns/s {\n\t\tpackets 12 bytes 900\n\t}\n}'
  expect([...parseCounters(text)]).toEqual([['tcp/80/ns/s', 12]])
})
