/** The generated table of messages, parsed when the first protobuf body arrives. */
import { PROTOBUF_TYPES } from '../generated/protobuf-types.ts'

/**
 * One field. `type`: `s` string, `y` bytes, `i` integer, `b` boolean, `d` double, or the name of a message; before it `*` repeated, `@` a
 * map from strings. `flags`: `0` a zero stands for an absent field (Go's omitempty without a pointer), `>` its own fields stand in the
 * message around it.
 */
export type FieldRow = readonly [jsonName: string, type: string, flags: string]
export type MessageTable = Readonly<Record<string, FieldRow>>

interface Tables {
  readonly kinds: Readonly<Record<string, string>>
  readonly messages: Readonly<Record<string, MessageTable>>
}

let tables: Tables | undefined
const parsed = (): Tables => {
  tables ??= JSON.parse(PROTOBUF_TYPES) as Tables
  return tables
}

const META = 'k8s.io/apimachinery/pkg/apis/meta/v1'

/** The message of a kind; DeleteOptions and Status are the same in every group. */
export function messageOfKind(apiVersion: string, kind: string): string | undefined {
  if (kind === 'DeleteOptions' || kind === 'Status') return `${META}.${kind}`
  return parsed().kinds[`${apiVersion} ${kind}`]
}

/** `apps/v1 Deployment`, … */
export const protobufKinds = (): readonly string[] => Object.keys(parsed().kinds)

export const messageTable = (name: string): MessageTable | undefined => parsed().messages[name]
