/** Our kinds as the API server should know them, installed as an operator installs its CRDs. */
import type { KubeApi } from '../../client/kube-api.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import { CRDS } from '../../spec/crds.ts'

export const OWN_KINDS = CRDS

/** Idempotent: a definition that is there already and equal changes nothing. */
export async function installKinds(api: KubeApi): Promise<void> {
  await Promise.all(OWN_KINDS.map(definition => api.apply(definition, { fieldManager: FIELD_MANAGER, force: true })))
}
