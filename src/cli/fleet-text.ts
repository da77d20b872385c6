/** A measured device as the text of a Fleet: what people read in block style, its curves in a line each. */
import { stringify } from 'yaml'
import type { MeasuredDevice } from '../spec/measured-device.ts'
import { API_VERSION } from '../spec/parts.ts'

export function fleetText(name: string, device: MeasuredDevice): string {
  const { precisions, update, links, ...about } = device
  const line = (value: unknown): string => JSON.stringify(rounded(value))
  const head = stringify({
    apiVersion: API_VERSION,
    kind: 'Fleet',
    metadata: { name },
    spec: {
      pools: [{ device: unitOf(device), nodes: 1 }],
    },
  })
  const nested = (value: Readonly<Record<string, unknown>>, indent: string): readonly string[] =>
    Object.entries(value).map(([key, each]) => `${indent}${key}: ${line(each)}`)
  return [
    head.trimEnd(),
    '      measured:',
    ...nested(about, '        '),
    '        precisions:',
    ...Object.entries(precisions).flatMap(([format, { products, attention, passes }]) => [
      `          ${format}:`,
      ...nested({ products, attention }, '            '),
      '            passes:',
      ...nested(passes, '              '),
    ]),
    '        update:',
    ...nested(update, '          '),
    ...(Object.keys(links).length > 0 ? ['        links:', ...nested(links, '          ')] : ['        links: {}']),
    '',
  ].join('\n')
}

const unitOf = ({ name, kind, threads }: MeasuredDevice): string =>
  kind === 'cpu' ? `${name}, ${threads === 1 ? 'one core' : `${threads} cores`}` : name

/** More digits than a measurement has. */
const DIGITS = 4

function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS))
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each)]))
  return value
}
