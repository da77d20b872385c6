/** The embedded cluster runs commands on the programs of its machine; every other cluster runs images. */
import type { Problem } from '../base/problem.ts'
import type { Runnable } from '../spec/kinds.ts'
import type { Capabilities } from './capabilities.ts'

export function missingImage({ spec: { image }, kind }: Runnable, { embedded }: Capabilities): readonly Problem[] {
  if (embedded || image !== undefined) return []
  const holds = kind === 'BatchJob' ? 'solvent-compute (its solvent-batch is run)' : 'the program'
  return [
    {
      field: 'spec.image',
      what: 'is missing',
      why: 'this cluster runs containers, not the programs of a machine',
      fix: `Add image: REGISTRY/NAME:TAG of an image that holds ${holds}.`,
    },
  ]
}

export const imageOf = ({ spec: { image } }: Runnable): { readonly image?: string } => (image ? { image } : {})
