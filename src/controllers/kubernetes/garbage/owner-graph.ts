/** Who owns whom, by uid, kept up to date from all informers (pkg/controller/garbagecollector/graph.go). */
import type { KubeObject } from '../../../kube/object.ts'

export interface OwnerGraph {
  put(object: KubeObject): void
  remove(object: KubeObject): void
  get(uid: string): KubeObject | undefined
  dependentsOf(uid: string): readonly KubeObject[]
}

export function createOwnerGraph(): OwnerGraph {
  const objects = new Map<string, KubeObject>()
  const dependents = new Map<string, Set<string>>()

  function unlink(object: KubeObject): void {
    const uid = object.metadata.uid!
    for (const owner of object.metadata.ownerReferences ?? []) {
      const group = dependents.get(owner.uid)
      group?.delete(uid)
      if (group?.size === 0) dependents.delete(owner.uid)
    }
  }

  return {
    put(object) {
      const uid = object.metadata.uid!
      const before = objects.get(uid)
      if (before) unlink(before)
      objects.set(uid, object)
      for (const owner of object.metadata.ownerReferences ?? []) {
        const group = dependents.get(owner.uid)
        if (group) group.add(uid)
        else dependents.set(owner.uid, new Set([uid]))
      }
    },
    remove(object) {
      const before = objects.get(object.metadata.uid!)
      if (before) unlink(before)
      objects.delete(object.metadata.uid!)
    },
    get: uid => objects.get(uid),
    dependentsOf: uid => [...(dependents.get(uid) ?? [])].map(each => objects.get(each)!),
  }
}
