/** The table of types as protobuf messages: what stands behind each field number. A message is made when the first body asks for it. */
import { type TypeRef, type TypeRow, typedKinds, typeOfKind, typeRow } from '../type-table.ts'

/**
 * One field. `type`: `s` string, `y` bytes, `i` integer, `b` boolean, `d` double, or the name of a message; before it `*` repeated, `@` a
 * map from strings. `flags`: `0` a zero stands for an absent field (Go's omitempty without a pointer), `>` its own fields stand in the
 * message around it.
 */
export type FieldRow = readonly [jsonName: string, type: string, flags: string]
export type MessageTable = Readonly<Record<number, FieldRow>>

/** The message of a kind; DeleteOptions and Status are the same in every group. */
export function messageOfKind(apiVersion: string, kind: string): string | undefined {
  if (kind === 'DeleteOptions' || kind === 'Status') return `meta/v1.${kind}`
  return typeOfKind(apiVersion, kind)
}

/** `apps/v1 Deployment`, … */
export const protobufKinds = typedKinds

const made = new Map<string, MessageTable>()

export function messageTable(name: string): MessageTable | undefined {
  const known = made.get(name)
  if (known) return known
  const row = typeRow(name)
  if (!row) return undefined
  const table = tableOf(row)
  made.set(name, table)
  return table
}

function tableOf(row: TypeRow): MessageTable {
  // A named list that is a message of its own holds its items as field 1.
  if (row.kind === 'alias') return { 1: ['', wireType(row.of), '>'] }
  if (row.kind === 'special') return {}
  return Object.fromEntries(
    row.fields.map(({ json, number, type, isPointer, omitsEmpty, isInline }): [number, FieldRow] => {
      const dropsZero = omitsEmpty && !isPointer
      return [number, [json, wireType(type), `${dropsZero ? '0' : ''}${isInline ? '>' : ''}`]]
    }),
  )
}

const WIRE = { s: 's', y: 'y', b: 'b', i: 'i', l: 'i', u: 'i', n: 'i', d: 'd' } as const

function wireType(type: TypeRef): string {
  switch (type.kind) {
    case 'scalar':
      return WIRE[type.scalar]
    case 'list':
      return `*${wireType(type.of)}`
    case 'map':
      return `@${wireType(type.of)}`
    case 'named': {
      const row = typeRow(type.name)
      return row?.kind === 'alias' && !row.isMessage ? wireType(row.of) : type.name
    }
  }
}
