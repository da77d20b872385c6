/** Claims, slices and classes as they are watched, with what was decided and is not yet seen; and the writes of an allocation. */
import type { Clock } from '../../base/clock.ts'
import { createInformer } from '../../client/informer.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import {
  CLAIM_FINALIZER,
  type DeviceClass,
  RESOURCE_API,
  type ResourceClaim,
  type ResourceSlice,
} from '../../kube/devices.ts'
import { type KubeObject, keyOf } from '../../kube/object.ts'
import { type ClaimAssignment, createDeviceLedger, type DeviceLedger } from './device-ledger.ts'
import { createDeviceSelectors } from './device-selector.ts'

export interface LiveDevices {
  readonly synced: Promise<unknown>
  /** For one pass. */
  ledger(): DeviceLedger
  /** Counts from now on; resolves when it is written. */
  assign(assignments: readonly ClaimAssignment[]): Promise<void>
  stop(): void
}

export interface LiveDevicesOptions {
  readonly api: KubeApi
  readonly clock: Clock
  readonly onError: (error: unknown) => void
  readonly onChange: () => void
}

export function watchDevices({ api, clock, onError, onChange }: LiveDevicesOptions): LiveDevices {
  const watched = <T extends KubeObject>(kind: string) => {
    const informer = createInformer<T>(api, { apiVersion: RESOURCE_API, kind }, { clock, onError })
    for (const event of ['add', 'update', 'delete'] as const) informer.on(event, onChange)
    informer.start()
    return informer
  }
  const claims = watched<ResourceClaim>('ResourceClaim')
  const slices = watched<ResourceSlice>('ResourceSlice')
  const classes = watched<DeviceClass>('DeviceClass')
  const selects = createDeviceSelectors()
  /** Decided, and on its way to the server. */
  const underWay = new Map<string, ResourceClaim>()
  /** Writes of one claim follow one another, each on what the one before left. */
  const lastWrite = new Map<string, Promise<void>>()

  function mark({ claim, allocation, consumer }: ClaimAssignment): void {
    const current = underWay.get(keyOf(claim)) ?? claim
    const reservedFor = [...(current.status?.reservedFor ?? []), consumer]
    underWay.set(keyOf(claim), { ...current, status: { ...current.status, allocation, reservedFor } })
  }

  function write(assignment: ClaimAssignment): Promise<void> {
    const key = keyOf(assignment.claim)
    const mine = (lastWrite.get(key) ?? Promise.resolve()).then(() => writeNow(assignment))
    const settled = mine
      .catch(() => {})
      .then(() => {
        if (lastWrite.get(key) !== settled) return
        lastWrite.delete(key)
        underWay.delete(key)
        onChange()
      })
    lastWrite.set(key, settled)
    return mine
  }

  async function writeNow({ claim, allocation, consumer }: ClaimAssignment): Promise<void> {
    const latest = claims.get(claim.metadata.namespace, claim.metadata.name ?? '') ?? claim
    const isHeld = latest.metadata.finalizers?.includes(CLAIM_FINALIZER)
    const held = isHeld ? latest : await api.update<ResourceClaim>({ ...latest, metadata: withFinalizer(latest) })
    const others = (latest.status?.reservedFor ?? []).filter(({ uid }) => uid !== consumer.uid)
    const status = {
      ...latest.status,
      allocation: latest.status?.allocation ?? allocation,
      reservedFor: [...others, consumer],
    }
    const written: ResourceClaim = { ...held, status }
    claims.assume(await api.update<ResourceClaim>(written, { subresource: 'status' }))
  }

  return {
    synced: Promise.all([claims.synced, slices.synced, classes.synced]),
    ledger: () =>
      createDeviceLedger(
        {
          claims: claims.list().map(claim => underWay.get(keyOf(claim)) ?? claim),
          slices: slices.list(),
          classes: name => classes.get(undefined, name),
        },
        selects,
      ),
    async assign(assignments) {
      for (const assignment of assignments) mark(assignment)
      await Promise.all(assignments.map(write))
    },
    stop() {
      for (const informer of [claims, slices, classes]) informer.stop()
    },
  }
}

const withFinalizer = ({ metadata }: ResourceClaim): ResourceClaim['metadata'] => ({
  ...metadata,
  finalizers: [...(metadata.finalizers ?? []), CLAIM_FINALIZER],
})
