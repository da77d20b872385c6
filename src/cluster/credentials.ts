/**
 * Who the parts of a cluster are to its API, where they run in processes of their own: a certificate and a kubeconfig for each, written by the
 * server into `credentials/` of its state folder and read by the part. Made anew at each start of the server (a millisecond each), so none
 * of them can expire or outlive its authority.
 */
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { makeClientCertificate, type Name } from '../apiserver/pki/certificate.ts'
import type { Pki } from '../apiserver/pki/pki.ts'
import { writeKubeconfig } from '../client/kubeconfig.ts'

const ADMINISTRATORS = 'system:masters'
const MINUTES_5_MS = 300_000
const YEAR_MS = 365 * 86_400_000

/** The system's names for what runs apart; like the same parts in one process they may do everything. */
const PARTS: Readonly<Record<string, Name>> = {
  controllers: { commonName: 'system:kube-controller-manager', organizations: [ADMINISTRATORS] },
  scheduler: { commonName: 'system:kube-scheduler', organizations: [ADMINISTRATORS] },
  network: { commonName: 'system:kube-proxy', organizations: [ADMINISTRATORS] },
}

/** A node may do what a node may. */
const nodeName = (node: string): Name => ({ commonName: `system:node:${node}`, organizations: ['system:nodes'] })

export const credentialFile = (cluster: string, who: string): string => join(cluster, 'credentials', who)

export interface CredentialsOptions {
  readonly state: string
  readonly server: string
  readonly pki: Pick<Pki, 'ca' | 'authority'>
  /** Those of `PARTS` among them have one; an agent has its node's. */
  readonly parts: readonly string[]
  readonly nodes: readonly string[]
  readonly now: number
}

export function writeCredentials({ state, server, pki, parts, nodes, now }: CredentialsOptions): void {
  const validity = { notBefore: new Date(now - MINUTES_5_MS), notAfter: new Date(now + YEAR_MS) }
  const subjects = [
    ...parts.flatMap(part => (PARTS[part] ? [[part, PARTS[part]] as const] : [])),
    ...nodes.map(node => [node, nodeName(node)] as const),
  ]
  for (const [who, subject] of subjects) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    writeKubeconfig(credentialFile(state, who), {
      server,
      ca: pki.ca,
      cert: makeClientCertificate(subject, privateKey, pki.authority, validity),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    })
  }
}
