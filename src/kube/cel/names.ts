/** Names in expressions: of types as values, and dotted ones. */
import type { Expression } from './expression.ts'

/** Types as values: `type(x) == int`. */
export const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: 'int',
  uint: 'uint',
  double: 'double',
  bool: 'bool',
  string: 'string',
  bytes: 'bytes',
  list: 'list',
  map: 'map',
  null_type: 'null_type',
  type: 'type',
  optional_type: 'optional_type',
  'google.protobuf.Timestamp': 'google.protobuf.Timestamp',
  'google.protobuf.Duration': 'google.protobuf.Duration',
  'net.IP': 'net.IP',
  'net.CIDR': 'net.CIDR',
  'kubernetes.URL': 'kubernetes.URL',
  'kubernetes.Quantity': 'kubernetes.Quantity',
}

/** `a.b.c` as one name. */
export function qualifiedName(node: Expression): string | undefined {
  if (node.kind === 'name') return node.name
  if (node.kind !== 'select' || node.isOptional || node.isTest) return undefined
  const before = qualifiedName(node.operand)
  return before && `${before}.${node.field}`
}

export function rootName(node: Expression): string | undefined {
  if (node.kind === 'name') return node.name
  return node.kind === 'select' ? rootName(node.operand) : undefined
}
