/** Values of which nothing is known yet, read as objects and lists: what is of another shape is empty. */
import { isRecord } from '../../kube/equal.ts'

export type Fields = Readonly<Record<string, unknown>>

export const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {})
export const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value : [])
