/** The IPv4 networks that this machine knows: of its interfaces and its routes. Read without starting anything, since a start waits for it. */
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { type Network, parseNetwork } from './address-range.ts'

export function hostNetworks(exceptInterface: string): readonly Network[] {
  const own = Object.entries(networkInterfaces())
    .filter(([name]) => name !== exceptInterface)
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(address => address.family === 'IPv4')
    .map(address => parseNetwork(address.cidr ?? ''))
  return [...own.filter(network => network !== undefined), ...routes(exceptInterface)]
}

function routes(exceptInterface: string): readonly Network[] {
  try {
    return parseRoutes(readFileSync('/proc/net/route', 'utf8'), exceptInterface)
  } catch {
    return []
  }
}

/** Linux' /proc/net/route: addresses in hexadecimal, in the byte order of the machine. */
export function parseRoutes(text: string, exceptInterface: string): readonly Network[] {
  return text
    .split('\n')
    .slice(1)
    .map(line => line.split('\t'))
    .filter(columns => columns.length > 7 && columns[0] !== exceptInterface)
    .map(columns => ({ address: reversed(columns[1]!), prefix: ones(reversed(columns[7]!)) }))
}

const reversed = (hex: string): number => Buffer.from(hex, 'hex').readUInt32LE(0)
const ones = (mask: number): number => mask.toString(2).replaceAll('0', '').length
