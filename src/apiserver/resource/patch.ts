/** The three patch types as one function from the present state to the next. */
import type { PatchType } from '../../client/kube-api.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { applyJsonPatch } from '../../kube/patch/json-patch.ts'
import { applyMergePatch } from '../../kube/patch/merge-patch.ts'
import { applyStrategicMergePatch } from '../../kube/patch/strategic-merge.ts'
import type { Shape } from './decode.ts'
import { unsupportedMediaType } from './refusals.ts'

export const APPLY_PATCH = 'application/apply-patch+yaml'

export const PATCH_MEDIA_TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
}

export function patched(
  { schema, isCustom }: Shape,
  type: PatchType,
  old: UnknownObject,
  patch: unknown,
): UnknownObject {
  switch (type) {
    case 'json':
      return applyJsonPatch(old, patch) as UnknownObject
    case 'merge':
      return applyMergePatch(old, patch) as UnknownObject
    case 'strategic':
      // Only built-in kinds have merge keys.
      if (isCustom)
        throw unsupportedMediaType([
          ...Object.keys(PATCH_MEDIA_TYPES).filter(each => PATCH_MEDIA_TYPES[each] !== 'strategic'),
          APPLY_PATCH,
        ])
      return applyStrategicMergePatch(old, patch, schema()) as UnknownObject
  }
}
