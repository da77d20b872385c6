/**
 * CertificateSigningRequests say who asked; approving and signing need the right to do so for the signer; and nobody gets a certificate as a
 * master this way (plugin/pkg/admission/certificates/{approval,signing,subjectrestriction}, registry/certificates).
 */

import { isSame } from '../../kube/equal.ts'
import type { KubeObject } from '../../kube/object.ts'
import { isAllowed } from '../auth/authorize.ts'
import { MASTERS } from '../auth/user.ts'
import { CLIENT_SIGNER } from '../pki/sign-request.ts'
import { readSigningRequest } from '../pki/signing-request.ts'
import type { Store } from '../store/store.ts'
import { type AdmissionRequest, isOf, refused, type Stage } from './stage.ts'

const GROUP = 'certificates.k8s.io'

interface SigningRequestObject extends KubeObject {
  readonly spec?: { readonly request?: string; readonly signerName?: string }
  readonly status?: { readonly certificate?: string }
}

export const CERTIFICATE_REQUESTS: Stage = {
  name: 'CertificateRequests',
  mutate(object, request) {
    if (!isOf(request, `${GROUP}/certificatesigningrequests`)) return object
    const { name, uid, groups, extra } = request.user
    const who = { username: name, groups, ...(uid && { uid }), ...(extra && { extra }) }
    return { ...object, spec: { ...(object.spec as object), ...who } }
  },
  check(request, { store }) {
    if (!isOf(request, `${GROUP}/certificatesigningrequests`)) return
    const { operation, subresource, object, old } = request
    const { spec, status } = (object ?? {}) as SigningRequestObject
    const signer = spec?.signerName ?? ''
    if (subresource === 'approval') needRight(store, request, 'approve', signer)
    const isSigning =
      subresource === 'status' && !isSame(status?.certificate, (old as SigningRequestObject)?.status?.certificate)
    if (isSigning) needRight(store, request, 'sign', signer)
    if (operation === 'CREATE' && signer === CLIENT_SIGNER && asksForMasters(spec?.request)) {
      throw refused(request, `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`)
    }
  },
}

const asksForMasters = (request = ''): boolean =>
  readSigningRequest(Buffer.from(request, 'base64').toString('utf8'))?.organizations.includes(MASTERS) ?? false

/** For the signer itself, or for all of its domain. */
function needRight(store: Store, request: AdmissionRequest, verb: string, signer: string): void {
  const names = [signer, `${signer.split('/')[0]}/*`]
  const may = names.some(name =>
    isAllowed(store, request.user, { kind: 'resource', verb, group: GROUP, resource: 'signers', name }),
  )
  if (!may) throw refused(request, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`)
}
