/** Kubernetes' types for what a network is made of: URLs, addresses, blocks of addresses. */

import { weight } from '../access.ts'
import { fn, method, type Overload } from '../functions.ts'
import { CelError, CelList, MapValue, Opaque } from '../values.ts'

interface Address {
  readonly bits: bigint
  readonly family: 4 | 6
}
interface Block extends Address {
  readonly prefix: number
}

/** As Go's netip reads it: no zones, no IPv4 inside IPv6, no leading zeros. */
export function parseAddress(text: string): Address | undefined {
  if (/^\d/.test(text) && text.includes('.') && !text.includes(':')) return parseV4(text)
  return text.includes('.') || text.includes('%') ? undefined : parseV6(text)
}

function parseV4(text: string): Address | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined
  return { bits: parts.reduce((bits, part) => bits * 256n + BigInt(part), 0n), family: 4 }
}

function parseV6(text: string): Address | undefined {
  const [head = '', tail, extra] = text.split('::')
  if (extra !== undefined) return undefined
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = 8 - left.length - right.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...left, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...right]
  if (!groups.every(group => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return { bits: groups.reduce((bits, group) => bits * 65536n + BigInt(`0x${group}`), 0n), family: 6 }
}

function formatAddress({ bits, family }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map(shift => (bits >> shift) & 255n).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  const longest = [...groups.join(':').matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)]
    .map(match => match[0])
    .reduce((a, b) => (b.length > a.length ? b : a), '')
  if (longest === '') return groups.join(':')
  const at = groups.join(':').search(new RegExp(`(?<![0-9a-f])${longest}(?![0-9a-f])`))
  const whole = groups.join(':')
  return `${whole.slice(0, at).replace(/:$/, '')}::${whole.slice(at + longest.length).replace(/^:/, '')}`
}

export function parseBlock(text: string): Block | undefined {
  const [, address = '', length = ''] = /^(.*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? []
  const parsed = parseAddress(address)
  const prefix = Number(length)
  if (!parsed || prefix > width(parsed)) return undefined
  return { ...parsed, prefix }
}

const width = ({ family }: Address): number => (family === 4 ? 32 : 128)
const network = ({ bits, family }: Address, prefix: number): bigint => bits >> BigInt(width({ bits, family }) - prefix)
const masked = (block: Block): Block => {
  const host = BigInt(width(block) - block.prefix)
  return { ...block, bits: (block.bits >> host) << host }
}

const IP = 'net.IP'
const CIDR = 'net.CIDR'
const URL_TYPE = 'kubernetes.URL'

function address(text: string): Opaque {
  const parsed = parseAddress(text)
  if (!parsed)
    throw new CelError(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: not a valid IP address`,
    )
  return new Opaque(IP, parsed)
}
function block(text: string): Opaque {
  const parsed = parseBlock(text)
  if (!parsed)
    throw new CelError(`CIDR ${JSON.stringify(text)} parse error during conversion from string: invalid CIDR`)
  return new Opaque(CIDR, parsed)
}
const addressOf = ({ value }: Opaque): Address => value as Address
const blockOf = ({ value }: Opaque): Block => value as Block

const containsAddress = (outer: Block, inner: Address): boolean =>
  outer.family === inner.family && network(outer, outer.prefix) === network(inner, outer.prefix)
const containsBlock = (outer: Block, inner: Block): boolean =>
  outer.prefix <= inner.prefix && containsAddress(outer, inner)

const within = (text4: string, text6: string) => (ip: Opaque) => {
  const address = addressOf(ip)
  const outer = parseBlock(address.family === 4 ? text4 : text6)
  return outer !== undefined && containsAddress(outer, address)
}
const isLoopback = within('127.0.0.0/8', '::1/128')
const isLinkLocalUnicast = within('169.254.0.0/16', 'fe80::/10')
const isLinkLocalMulticast = within('224.0.0.0/24', 'ff02::/16')
const isMulticast = within('224.0.0.0/4', 'ff00::/8')
const isUnspecified = (ip: Opaque): boolean => addressOf(ip).bits === 0n
const isBroadcast = (ip: Opaque): boolean => addressOf(ip).family === 4 && addressOf(ip).bits === 0xffffffffn
const isGlobalUnicast = (ip: Opaque): boolean =>
  ![isLoopback, isLinkLocalUnicast, isMulticast, isUnspecified, isBroadcast].some(is => is(ip))

export const NETWORK: readonly Overload[] = [
  fn('ip', ['string'], IP, address, weight),
  fn('isIP', ['string'], 'bool', (text: string) => parseAddress(text) !== undefined, weight),
  fn('ip.isCanonical', ['string'], 'bool', (text: string) => formatAddress(addressOf(address(text))) === text, weight),
  fn('string', [IP], 'string', (ip: Opaque) => formatAddress(addressOf(ip))),
  method('family', IP, [], 'int', (ip: Opaque) => BigInt(addressOf(ip).family)),
  method('isUnspecified', IP, [], 'bool', isUnspecified),
  method('isLoopback', IP, [], 'bool', isLoopback),
  method('isLinkLocalMulticast', IP, [], 'bool', isLinkLocalMulticast),
  method('isLinkLocalUnicast', IP, [], 'bool', isLinkLocalUnicast),
  method('isGlobalUnicast', IP, [], 'bool', isGlobalUnicast),
  fn('cidr', ['string'], CIDR, block, weight),
  fn('isCIDR', ['string'], 'bool', (text: string) => parseBlock(text) !== undefined, weight),
  fn('string', [CIDR], 'string', (c: Opaque) => `${formatAddress(blockOf(c))}/${blockOf(c).prefix}`),
  method('containsIP', CIDR, [IP], 'bool', (c: Opaque, ip: Opaque) => containsAddress(blockOf(c), addressOf(ip))),
  method('containsIP', CIDR, ['string'], 'bool', (c: Opaque, ip: string) =>
    containsAddress(blockOf(c), addressOf(address(ip))),
  ),
  method('containsCIDR', CIDR, [CIDR], 'bool', (c: Opaque, inner: Opaque) => containsBlock(blockOf(c), blockOf(inner))),
  method('containsCIDR', CIDR, ['string'], 'bool', (c: Opaque, inner: string) =>
    containsBlock(blockOf(c), blockOf(block(inner))),
  ),
  method('ip', CIDR, [], IP, (c: Opaque) => new Opaque(IP, { bits: blockOf(c).bits, family: blockOf(c).family })),
  method('masked', CIDR, [], CIDR, (c: Opaque) => new Opaque(CIDR, masked(blockOf(c)))),
  method('prefixLength', CIDR, [], 'int', (c: Opaque) => BigInt(blockOf(c).prefix)),
]

/** Go's url.ParseRequestURI: absolute, or a path from the root. */
function parseUrl(text: string): URL | undefined {
  if (!/^(\/|[A-Za-z][A-Za-z0-9+.-]*:)/.test(text) || /[\s\x7f]/.test(text)) return undefined
  try {
    return new URL(text, 'relative://')
  } catch {
    return undefined
  }
}

function url(text: string): Opaque {
  const parsed = parseUrl(text)
  if (!parsed)
    throw new CelError(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    )
  return new Opaque(URL_TYPE, text)
}
const urlOf = ({ value }: Opaque): URL => new URL(value as string, 'relative://')
const isRelative = (parsed: URL): boolean => parsed.protocol === 'relative:'
/** As written: URL would drop a default port. */
const authority = ({ value }: Opaque): string =>
  /^[A-Za-z][^:/]*:\/\/(?:[^@/?#]*@)?([^/?#]*)/.exec(value as string)?.[1] ?? ''
const hostname = (given: Opaque): string =>
  authority(given)
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
const escapedPath = ({ value }: Opaque): string =>
  /^(?:[A-Za-z][^:/]*:)?(?:\/\/[^/?#]*)?([^?#]*)/.exec(value as string)?.[1] ?? ''

function query(given: Opaque): MapValue {
  const found = new Map<string, string[]>()
  for (const [key, text] of urlOf(given).searchParams) found.set(key, [...(found.get(key) ?? []), text])
  return new MapValue([...found].map(([key, texts]) => [key, new CelList(texts)] as const))
}

export const URLS: readonly Overload[] = [
  fn('url', ['string'], URL_TYPE, url, weight),
  fn('isURL', ['string'], 'bool', (text: string) => parseUrl(text) !== undefined, weight),
  method('getScheme', URL_TYPE, [], 'string', (u: Opaque) =>
    isRelative(urlOf(u)) ? '' : urlOf(u).protocol.slice(0, -1),
  ),
  method('getHost', URL_TYPE, [], 'string', authority),
  method('getHostname', URL_TYPE, [], 'string', hostname),
  method('getPort', URL_TYPE, [], 'string', (u: Opaque) => /:(\d+)$/.exec(authority(u))?.[1] ?? ''),
  method('getEscapedPath', URL_TYPE, [], 'string', escapedPath),
  method('getQuery', URL_TYPE, [], 'map<string, list<string>>', query),
]
