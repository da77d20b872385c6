/** A new object on its way through the stages: what other objects give it, what defaults give it, what is wrong with it. */

import type { UnknownObject } from '../../kube/object.ts'
import { check, mutate } from '../admission/chain.ts'
import type { QuotaHold } from '../admission/quota-ledger.ts'
import type { AdmissionRequest } from '../admission/stage.ts'
import { ADMIN } from '../auth/user.ts'
import { newMetadata } from './metadata.ts'
import { fillDefaults, validate, withoutStatus } from './pipeline.ts'
import type { Target } from './read.ts'
import type { AdmitContext } from './resource.ts'
import type { WriteContext, WriteRequest } from './write-request.ts'

/** What a write under way takes of what there is not enough of. */
export interface Held {
  readonly allocate: AdmitContext['allocateServiceIp']
  readonly quota: QuotaHold
  readonly request: WriteRequest
}

/** A new object after all stages but the last. Whoever claims its fields is recorded by the caller. */
export function newObject(
  { store, clock, tolerationSeconds }: WriteContext,
  target: Target,
  given: UnknownObject,
  { allocate, quota, request }: Held,
): UnknownObject {
  const { resource, namespace } = target
  const now = clock.now()
  const metadata = newMetadata(given.metadata, resource, namespace, now)
  const asked = admissionOf(target, request, 'CREATE')
  const mutated = mutate({ ...given, metadata }, asked, { store, clock, quota, tolerationSeconds })
  const admitted = resource.strategy.admit?.(mutated, { store, clock, allocateServiceIp: allocate }) ?? mutated
  const complete = fillDefaults(resource, withoutStatus(resource, admitted, now))
  validate(resource, complete, undefined, request.warn)
  // By now the name is known.
  check({ ...asked, name: target.name, object: complete }, { store, clock, quota })
  return complete
}

export const admissionOf = (
  { resource, namespace, name }: Target,
  { user = ADMIN, shownName = name, subresource, warn }: Partial<WriteRequest>,
  operation: AdmissionRequest['operation'],
): AdmissionRequest => ({
  operation,
  resource,
  name: shownName,
  user,
  ...(namespace !== undefined && { namespace }),
  ...(subresource !== undefined && { subresource }),
  ...(warn && { warn }),
})
