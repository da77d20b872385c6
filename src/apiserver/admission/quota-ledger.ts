/**
 * What each limited namespace uses, and what writes under way will add to it. The first comes from the store's history at the moment of a
 * question, the second is held from a check until its write is seen or has failed. Both change only between two turns of the event loop, so
 * whatever is admitted together fits together.
 */
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { type Amounts, minus, NOTHING, plus } from '../../kube/quota/amounts.ts'
import { countedResources, type ResourceQuota, usageUnder } from '../../kube/quota/resource-quota.ts'
import { isApiError } from '../../kube/status.ts'
import type { Store, StoreEvent } from '../store/store.ts'

/** One quota, as far as it is followed. */
interface Account {
  readonly quota: ResourceQuota
  used: Amounts
}

interface Reservation {
  readonly account: string
  readonly amounts: Amounts
}

/** What one write under way holds. */
export interface QuotaHold {
  readonly ledger: QuotaLedger
  /** In the place of what this write held before. `created`: seen in the store, the object counts by itself. */
  hold(reservations: readonly Reservation[], created: string | undefined): void
  /** The write is through, or has failed. */
  release(): void
}

export class QuotaLedger {
  readonly #store: Store
  /** By `namespace/name`. */
  readonly #accounts = new Map<string, Account>()
  readonly #held = new Map<object, readonly Reservation[]>()
  /** Whose object, by uid, has been held for until it is seen. */
  readonly #creating = new Map<string, object>()
  #revision = -1

  constructor(store: Store) {
    this.#store = store
  }

  open(): QuotaHold {
    const key = {}
    let uid: string | undefined
    return {
      ledger: this,
      hold: (reservations, created) => {
        uid = created
        this.#held.set(key, reservations)
        if (created !== undefined) this.#creating.set(created, key)
      },
      release: () => {
        this.#held.delete(key)
        if (uid !== undefined) this.#creating.delete(uid)
      },
    }
  }

  /** The quotas of a namespace, each with what is used of it and what is held of it by others. */
  quotasOf(
    namespace: string,
    except?: QuotaHold,
  ): readonly { readonly quota: ResourceQuota; readonly used: Amounts }[] {
    const quotas = this.#store.list({ resource: 'resourcequotas', namespace }).items as readonly ResourceQuota[]
    if (quotas.length === 0) return []
    // What this write held before is decided anew.
    except?.release()
    this.#catchUp()
    return quotas.map(quota => {
      const account = keyOf(quota)
      const held = [...this.#held.values()].flat().filter(reservation => reservation.account === account)
      const used = this.#accountOf(account, quota).used
      return { quota, used: held.reduce((sum, { amounts }) => plus(sum, amounts), used) }
    })
  }

  #accountOf(key: string, quota: ResourceQuota): Account {
    const known = this.#accounts.get(key)
    if (known && isSame(known.quota.spec, quota.spec)) return known
    const account = { quota, used: this.#total(quota) }
    this.#accounts.set(key, account)
    return account
  }

  #total(quota: ResourceQuota): Amounts {
    const { namespace = '' } = quota.metadata
    return [...countedResources(quota)].reduce(
      (sum, resource) =>
        this.#store
          .list({ resource, namespace })
          .items.reduce((inner, object) => plus(inner, usageUnder(quota, resource, object)), sum),
      NOTHING,
    )
  }

  #catchUp(): void {
    const { revision } = this.#store
    if (this.#accounts.size > 0 && revision !== this.#revision) this.#follow()
    this.#revision = revision
  }

  /** Where too much has happened since the last question, all is counted anew. */
  #follow(): void {
    const resources = new Set([
      'resourcequotas',
      ...[...this.#accounts.values()].flatMap(({ quota }) => [...countedResources(quota)]),
    ])
    try {
      for (const resource of resources) {
        for (const event of this.#store.changes({ resource }, this.#revision)) this.#apply(resource, event)
      }
    } catch (error) {
      if (!isApiError(error, 'Expired')) throw error
      this.#accounts.clear()
    }
  }

  #apply(resource: string, { type, key: { namespace, name }, object, previous }: StoreEvent): void {
    if (resource === 'resourcequotas' && type === 'DELETED') this.#accounts.delete(`${namespace}/${name}`)
    const uid = object.metadata.uid ?? ''
    const creator = type === 'ADDED' ? this.#creating.get(uid) : undefined
    if (creator) {
      this.#held.delete(creator)
      this.#creating.delete(uid)
    }
    for (const account of this.#accounts.values()) {
      if (account.quota.metadata.namespace !== namespace) continue
      const of = (state: UnknownObject | undefined): Amounts =>
        state ? usageUnder(account.quota, resource, state) : NOTHING
      account.used = plus(minus(account.used, of(previous)), of(type === 'DELETED' ? undefined : object))
    }
  }
}

export const keyOf = ({ metadata: { namespace, name } }: ResourceQuota): string => `${namespace}/${name}`
