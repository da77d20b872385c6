/** Every kind that is served right now: the built-in ones, and those of CustomResourceDefinitions as they come and go. */
import { apiVersionOf } from '../../kube/kinds.ts'
import { noSuchResource } from './refusals.ts'
import { kindKey, type Resource } from './resource.ts'

export class Catalog {
  readonly #byKind = new Map<string, Resource>()
  readonly #byPath = new Map<string, Resource>()
  #version = 0

  constructor(builtIn: readonly Resource[]) {
    for (const resource of builtIn) this.#add(resource)
  }

  /** Grows with every change, so that whoever derives something (discovery, OpenAPI) knows when it is stale. */
  get version(): number {
    return this.#version
  }

  all(): readonly Resource[] {
    return [...this.#byPath.values()]
  }

  byKind(apiVersion: string, kind: string): Resource {
    const found = this.#byKind.get(`${apiVersion} ${kind}`)
    if (!found) throw noSuchResource()
    return found
  }

  /** By its place in a URL. */
  byPath(group: string, version: string, plural: string): Resource | undefined {
    return this.#byPath.get(pathKey(group, version, plural))
  }

  /** Any served version of a kind in the store. */
  byStored(storedAs: string): Resource | undefined {
    return this.all().find(resource => resource.storedAs === storedAs)
  }

  hasGroupVersion(group: string, version: string): boolean {
    return this.all().some(({ info }) => info.group === group && info.version === version)
  }

  /** Replaces all versions of a custom resource; an empty list takes it away. */
  replace(storedAs: string, resources: readonly Resource[]): void {
    for (const old of this.all().filter(resource => resource.storedAs === storedAs)) {
      this.#byKind.delete(kindKey(old.info))
      this.#byPath.delete(pathKey(old.info.group, old.info.version, old.info.plural))
    }
    for (const resource of resources) this.#add(resource)
    this.#version++
  }

  #add(resource: Resource): void {
    const { info } = resource
    this.#byKind.set(kindKey(info), resource)
    this.#byPath.set(pathKey(info.group, info.version, info.plural), resource)
  }
}

const pathKey = (group: string, version: string, plural: string): string =>
  `${apiVersionOf({ group, version })}/${plural}`
