/** Names and selectors of what a Server becomes: the objects refer to one another by them. */
import { contentHash8 } from '../../../kube/content-name.ts'
import { ROLE } from '../../../kube/names.ts'
import type { Server, ServerProtocol } from '../../../spec/kinds.ts'
import { nameOf, ownerLabels } from '../../made-for.ts'

export const REPLICA = 'replica'
export const CANARY = 'canary'

export const protocolOf = ({ spec: { run } }: Server): ServerProtocol => run.protocol ?? 'http'

/** The port's name is what it speaks, as service meshes and `appProtocol` have it. */
export const portName = protocolOf

export const transportOf = (server: Server): 'TCP' | 'UDP' => (protocolOf(server) === 'udp' ? 'UDP' : 'TCP')

/** The copies of one Deployment; the Service and the budget select those of both (`ownerLabels`). */
export const copyLabels = (server: Server, role: string): Readonly<Record<string, string>> => ({
  ...ownerLabels(server),
  [ROLE]: role,
})

export const configName = (server: Server): string | undefined => contentName(server, 'config', server.spec.config)
export const filesName = (server: Server): string | undefined => contentName(server, 'files', server.spec.files)

const contentName = (server: Server, what: string, data: Readonly<Record<string, string>> | undefined) =>
  Object.keys(data ?? {}).length > 0 ? `${nameOf(server)}-${what}-${contentHash8({ data })}` : undefined
