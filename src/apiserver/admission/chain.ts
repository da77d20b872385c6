/** The stages in kube-apiserver's order (pkg/kubeapiserver/options/plugins.go): all change the object, then all look at what became of it. */
import type { UnknownObject } from '../../kube/object.ts'
import type { Store } from '../store/store.ts'
import { VALIDATING_POLICIES } from '../webhooks/policies.ts'
import { CERTIFICATE_REQUESTS } from './certificate-requests.ts'
import { DEFAULT_INGRESS_CLASS, DEFAULT_STORAGE_CLASS } from './default-classes.ts'
import { DEFAULT_TOLERATION_SECONDS } from './default-toleration-seconds.ts'
import { LIMIT_RANGER } from './limit-ranger.ts'
import { NAMESPACE_LIFECYCLE } from './namespace-lifecycle.ts'
import { NODE_RESTRICTION } from './node-restriction.ts'
import { POD_SECURITY } from './pod-security.ts'
import { PRIORITY } from './priority.ts'
import { type QuotaHold, QuotaLedger } from './quota-ledger.ts'
import { RESOURCE_QUOTA } from './resource-quota.ts'
import { ROLE_ESCALATION } from './role-escalation.ts'
import { RUNTIME_CLASS } from './runtime-class.ts'
import { SERVICE_ACCOUNT } from './service-account.ts'
import type { AdmissionContext, AdmissionRequest, Stage } from './stage.ts'

const STAGES: readonly Stage[] = [
  NAMESPACE_LIFECYCLE,
  LIMIT_RANGER,
  SERVICE_ACCOUNT,
  NODE_RESTRICTION,
  POD_SECURITY,
  PRIORITY,
  DEFAULT_TOLERATION_SECONDS,
  DEFAULT_STORAGE_CLASS,
  RUNTIME_CLASS,
  CERTIFICATE_REQUESTS,
  DEFAULT_INGRESS_CLASS,
  ROLE_ESCALATION,
  VALIDATING_POLICIES,
  RESOURCE_QUOTA,
]

const CHANGING = STAGES.flatMap(({ mutate }) => mutate ?? [])
const CHECKING = STAGES.flatMap(({ check }) => check ?? [])

/** A new object with what other objects say it shall have. Throws ApiError. */
export function mutate(object: UnknownObject, request: AdmissionRequest, context: AdmissionContext): UnknownObject {
  let changed = object
  for (const change of CHANGING) changed = change(changed, request, context)
  return changed
}

/** Throws ApiError for a write that other objects forbid. */
export function check(request: AdmissionRequest, context: AdmissionContext): void {
  for (const look of CHECKING) look(request, context)
}

/** One ledger a store, made when somebody first writes. */
const ledgers = new WeakMap<Store, QuotaLedger>()

export function holdQuota(store: Store): QuotaHold {
  let ledger = ledgers.get(store)
  if (ledger === undefined) {
    ledger = new QuotaLedger(store)
    ledgers.set(store, ledger)
  }
  return ledger.open()
}
