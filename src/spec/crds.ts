/** Our kinds as CustomResourceDefinitions, from the same schemas that the parser reads. The embedded cluster has them from the start. */
import type { StructuralSchema } from '../kube/schema.ts'
import type { CustomResourceDefinition } from '../kube/workloads.ts'
import { API_VERSION } from './kinds.ts'
import { DECLARATION_KINDS, type DeclarationInfo } from './schema/kinds-table.ts'

const [GROUP = '', VERSION = ''] = API_VERSION.split('/')

/** What every object has; the API server fills in the rest of metadata's fields for `explain`. */
const OBJECT_FIELDS: Readonly<Record<string, StructuralSchema>> = {
  apiVersion: { type: 'string', description: `${API_VERSION}.` },
  kind: { type: 'string', description: 'The kind of this object.' },
  metadata: { type: 'object', description: 'Name, namespace, labels: what every Kubernetes object has.' },
}

export function crdOf({ kind, plural, shortName, schema, columns }: DeclarationInfo): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        plural,
        singular: kind.toLowerCase(),
        kind,
        listKind: `${kind}List`,
        shortNames: [shortName],
        categories: ['solvent', 'all'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { ...schema, properties: { ...OBJECT_FIELDS, ...schema.properties } } },
          // A Fleet has no status: nobody acts on it.
          ...(schema.properties?.status ? { subresources: { status: {} } } : {}),
          additionalPrinterColumns: columns,
        },
      ],
    },
  }
}

export const CRDS: readonly CustomResourceDefinition[] = DECLARATION_KINDS.map(crdOf)
