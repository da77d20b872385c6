/**
 * The engine: all that can be done with the resources of a cluster, whoever asks and by whatever way. `local-api.ts` and `rest/` are
 * thin layers over it. It decides nothing about who may do what.
 */
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { NodeLookUp } from '../../client/node-api.ts'
import type { Store } from '../store/store.ts'
import type { Catalog } from './catalog.ts'
import { ephemeralContainers } from './ephemeral-containers.ts'
import { ServiceAddresses } from './service-addresses.ts'
import type { Subresource } from './subresource.ts'
import { SUBRESOURCES } from './subresources.ts'
import { tokenSubresource } from './token.ts'
import type { WriteContext } from './write.ts'

export interface Engine extends WriteContext {
  readonly catalog: Catalog
  readonly subresources: Readonly<Record<string, Subresource>>
  /** Who answers for what runs on a node; undefined where nobody does. */
  readonly nodeApi: NodeLookUp
}

export interface EngineOptions {
  readonly store: Store
  readonly clock: Clock
  readonly catalog: Catalog
  readonly serviceAccountKey: KeyObject
  readonly serviceRange: string
  readonly nodeApi: NodeLookUp
  readonly tolerationSeconds?: number
}

export const createEngine = ({ serviceAccountKey, serviceRange, ...parts }: EngineOptions): Engine => ({
  ...parts,
  addresses: new ServiceAddresses(serviceRange),
  subresources: {
    ...SUBRESOURCES,
    ephemeralcontainers: ephemeralContainers,
    token: tokenSubresource(serviceAccountKey),
  },
})
