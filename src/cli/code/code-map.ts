/** The bundled code of a declaration as one immutable ConfigMap, named after what it holds. */
import { ok, type Result } from '../../base/problem.ts'
import type { ConfigMap } from '../../kube/core.ts'
import { CODE_KEY, FIELD_MANAGER, MANAGED_BY, OWNER_KIND, OWNER_NAME } from '../../kube/names.ts'
import type { Declaration } from '../../spec/kinds.ts'
import type { Locate, ModuleExport, Script } from './bundle.ts'

export interface Coded {
  readonly declaration: Declaration
  readonly code: ConfigMap | undefined
}

/** What of the declaration is code of the user's. Code that is in the cluster already (`spec.code`) is left alone. */
export function codeOf(declaration: Declaration): readonly ModuleExport[] | Script | undefined {
  if (declaration.kind === 'Fleet' || declaration.spec.code) return undefined
  if (declaration.kind === 'Server') {
    const { module } = declaration.spec.run
    const field = 'spec.run.module'
    if (module === undefined) return undefined
    return [{ module, export: 'default', role: 'serve', moduleField: field, exportField: field }]
  }
  if (declaration.kind === 'TrainingJob') {
    const script = declaration.spec.framework.node?.script
    return script === undefined ? undefined : { script, field: 'spec.framework.node.script' }
  }
  const { map, reduce } = declaration.spec
  const roles = { map, reduce } as const
  const exports = (['map', 'reduce'] as const).flatMap((role): ModuleExport[] => {
    const { module, export: name } = roles[role]
    if (module === undefined || name === undefined) return []
    const field = `spec.${role}`
    return [{ module, export: name, role, moduleField: `${field}.module`, exportField: `${field}.export` }]
  })
  return exports.length > 0 ? exports : undefined
}

export async function withCode(declaration: Declaration, locate: Locate): Promise<Result<Coded>> {
  const code = codeOf(declaration)
  if (!code) return ok({ declaration, code: undefined })
  // Loaded only by who has code.
  const [{ createHash }, { bundle }] = await Promise.all([import('node:crypto'), import('./bundle.ts')])
  const zipped = await bundle(code, locate)
  if (!zipped.ok) return zipped
  const map = codeMap(declaration, zipped.value, createHash('sha256').update(zipped.value).digest('hex').slice(0, 8))
  const spec = { ...declaration.spec, code: { configMap: map.metadata.name! } }
  return ok({ declaration: { ...declaration, spec } as Declaration, code: map })
}

function codeMap({ kind, metadata: { name, namespace } }: Declaration, zipped: Uint8Array, hash: string): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `${name}-code-${hash}`,
      namespace,
      labels: { [MANAGED_BY]: FIELD_MANAGER, [OWNER_KIND]: kind.toLowerCase(), [OWNER_NAME]: name! },
    },
    immutable: true,
    binaryData: { [CODE_KEY]: Buffer.from(zipped).toString('base64') },
  }
}
