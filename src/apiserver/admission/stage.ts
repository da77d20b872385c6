/** What one stage of admission is, and what it is told (apiserver's pkg/admission). */
import type { Clock } from '../../base/clock.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { User } from '../auth/user.ts'
import { forbidden } from '../resource/refusals.ts'
import type { Resource } from '../resource/resource.ts'
import type { Store } from '../store/store.ts'
import type { QuotaHold } from './quota-ledger.ts'

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE'
  readonly resource: Resource
  readonly namespace?: string
  /** As refusals show it: to `mutate`, of a name to be generated only the beginning that was asked for. */
  readonly name: string
  readonly subresource?: string
  readonly user: User
  /** What will be; absent when something is deleted. */
  readonly object?: UnknownObject
  /** What is; absent when something is created. */
  readonly old?: UnknownObject
  /** Tells the client something that is no error. */
  readonly warn?: (text: string) => void
}

export interface AdmissionContext {
  readonly store: Store
  readonly clock: Clock
  /** Of the write under way; absent where nothing is written. */
  readonly quota?: QuotaHold
  /** How long pods stay on a node that is not ready, unless they say so themselves; five minutes unless given. */
  readonly tolerationSeconds?: number | undefined
}

export interface Stage {
  readonly name: string
  /** The object with what the stage adds; on create alone. Throws ApiError. */
  mutate?(object: UnknownObject, request: AdmissionRequest, context: AdmissionContext): UnknownObject
  /** Throws ApiError for a write that may not be. Sees the object as it would be stored. */
  check?(request: AdmissionRequest, context: AdmissionContext): void
}

export const refused = ({ resource, name }: Pick<AdmissionRequest, 'resource' | 'name'>, why: string) =>
  forbidden(resource.info, name, why)

export const isOf = ({ resource }: Pick<AdmissionRequest, 'resource'>, storedAs: string): boolean =>
  resource.storedAs === storedAs
