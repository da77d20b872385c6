/** A function is a module and the name under which the module exports it. */
import type { BatchJob } from '../kinds.ts'
import type { Rule } from './rule.ts'

export const exportBesideModule = (role: 'map' | 'reduce'): Rule<BatchJob> => ({
  reads: [`spec.${role}`],
  check: ({ spec }) => {
    const { module, export: name } = spec[role]
    if (module !== undefined && name === undefined) {
      const fix = 'Add export: and the name of the exported function, or export: default'
      return [{ field: `spec.${role}`, what: `names ${module} but no export`, fix }]
    }
    if (module === undefined && name !== undefined) {
      const why = 'there is no module beside it'
      return [
        { field: `spec.${role}.export`, what: `is ${JSON.stringify(name)}`, why, fix: 'Add module: and its file.' },
      ]
    }
    return []
  },
})
