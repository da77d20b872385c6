/** Approved requests for client certificates are signed (pkg/controller/certificates/signer). The key is not here: whoever holds it signs. */
import { formatTime, type Instant } from '../../../base/clock.ts'
import type { Condition, KubeObject } from '../../../kube/object.ts'
import { type Action, updateStatus } from '../../runtime/action.ts'
import { isTrue } from '../../runtime/conditions.ts'
import type { ControllerContext } from '../../runtime/context.ts'
import type { Controller } from '../../runtime/run-controller.ts'

export interface CertificateSigningRequest extends KubeObject {
  readonly spec: {
    /** PEM in base64. */
    readonly request: string
    readonly signerName: string
    readonly expirationSeconds?: number
    readonly usages?: readonly string[]
  }
  readonly status?: { readonly certificate?: string; readonly conditions?: readonly Condition[] }
}

/** PEM to PEM; undefined for what is no request. */
export type Sign = (request: string, expirationSeconds: number | undefined) => string | undefined

const SIGNER = 'kubernetes.io/kube-apiserver-client'
const ALLOWED = new Set(['client auth', 'digital signature', 'key encipherment'])

function reconcileRequest(csr: CertificateSigningRequest, sign: Sign, now: Instant): readonly Action[] {
  const { spec, status } = csr
  const isOpen = isTrue(csr, 'Approved') && !isTrue(csr, 'Denied') && !isTrue(csr, 'Failed') && !status?.certificate
  if (spec.signerName !== SIGNER || !isOpen) return []
  const usages = spec.usages ?? []
  const odd = usages.filter(usage => !ALLOWED.has(usage))
  if (odd.length > 0 || !usages.includes('client auth')) {
    return [
      updateStatus(csr, {
        ...status,
        conditions: failed(
          csr,
          'SignerValidationFailure',
          `invalid usage for client certificate: ${odd.join(', ') || 'client auth is missing'}`,
          now,
        ),
      }),
    ]
  }
  const certificate = sign(Buffer.from(spec.request, 'base64').toString('utf8'), spec.expirationSeconds)
  if (certificate === undefined) {
    const why = 'the request is no PKCS #10 that the key in it has signed'
    return [updateStatus(csr, { ...status, conditions: failed(csr, 'SignerValidationFailure', why, now) })]
  }
  return [updateStatus(csr, { ...status, certificate: Buffer.from(certificate).toString('base64') })]
}

function failed(
  { status }: CertificateSigningRequest,
  reason: string,
  message: string,
  now: Instant,
): readonly Condition[] {
  const time = formatTime(now)
  const condition = { type: 'Failed', status: 'True', reason, message, lastUpdateTime: time, lastTransitionTime: time }
  return [...(status?.conditions ?? []), condition as Condition]
}

export function csrSigningController(context: ControllerContext, sign: Sign): Controller {
  const { clock, informers, newQueue, log } = context
  const { perform } = context.performerFor('csrsigning-controller')
  const requests = informers.of<CertificateSigningRequest>('certificates.k8s.io/v1', 'CertificateSigningRequest')
  const queue = newQueue()
  for (const event of ['add', 'update'] as const)
    requests.on(event, ({ metadata }: CertificateSigningRequest) => queue.add(metadata.name ?? ''))

  async function reconcile(name: string): Promise<number | undefined> {
    const request = requests.get(undefined, name)
    return request && perform(reconcileRequest(request, sign, clock.now()))
  }

  return { name: 'csr-signing', queue, ready: () => requests.synced, reconcile, log }
}
