/** What a holder does before its sandbox is ready, written into its slot: the root, what every pod has mounted, its end of the wire. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVICE_ACCOUNT_DIR } from '../../kube/names.ts'
import { hostView, rootFacts } from './host-view.ts'
import {
  type Mounted,
  NOTHING_MOUNTED,
  type PlanResult,
  planMounts,
  planScript,
  quote,
  tableText,
} from './mount-plan.ts'
import type { Namespaced } from './namespaces.ts'
import { switchText } from './pod-resolver.ts'
import { rootScript, rootTable } from './pod-root.ts'
import type { Mount } from './sandbox.ts'
import { HOST_NAME, HOSTS, LAST_WORDS, NAME_SWITCH, RESOLVER, type Slot } from './slot.ts'

const SET_UP_FILE = 'setup.sh'

/** `wiring`: lines for `ip -batch` inside; none where the network is the machine's. Throws where this machine cannot be mounted so. */
export function writeSetUp(slot: Slot, isolation: Namespaced, wiring: string | undefined): Mounted {
  const fixed = planFor(slot, isolation, fixedMounts(slot, isolation), NOTHING_MOUNTED)
  if (!fixed.ok) throw new Error(fixed.message)
  const facts = rootFacts(isolation === 'full')
  const write = (name: string, text: string): string => {
    const file = join(slot.folder, name)
    writeFileSync(file, text)
    return file
  }
  const steps = [
    rootScript(slot.rootfs, write('root.fstab', tableText(rootTable(slot.rootfs, facts))), facts),
    planScript(fixed.plan, write('fixed.fstab', tableText(fixed.plan.table))),
    ...(wiring === undefined ? [] : [`ip -batch ${quote(write('wiring', `${wiring}\n`))}`]),
  ]
  write(SET_UP_FILE, `${steps.join(' &&\n')}\n`)
  return fixed.plan.mounted
}

export const planFor = (slot: Slot, isolation: Namespaced, mounts: readonly Mount[], before: Mounted): PlanResult =>
  planMounts(mounts, before, hostView, {
    isOurs: path => path.startsWith(`${slot.folder}/`),
    inUserNamespace: isolation === 'mount',
  })

/**
 * In every pod from the start, so that most pods need no mount of their own. A machine without a resolver or a host name file has none inside
 * either; where the network is the machine's, so is the resolver.
 */
function fixedMounts({ root }: Slot, isolation: Namespaced): readonly Mount[] {
  const fromSlot = (path: string): Mount => ({ source: join(root, path), target: path, readOnly: false })
  const switching = isolation === 'full' ? switchText(textOf(NAME_SWITCH)) : undefined
  if (switching !== undefined) writeFileSync(join(root, NAME_SWITCH), switching)
  const byDns = [RESOLVER, ...(switching === undefined ? [] : [NAME_SWITCH])]
  const optional = [HOST_NAME, ...(isolation === 'full' ? byDns : [])]
  return [
    fromSlot(HOSTS),
    ...(isolation === 'full' ? [fromSlot(LAST_WORDS)] : []),
    ...optional.filter(file => hostView.kindOf(file) === 'file').map(fromSlot),
    fromSlot(SERVICE_ACCOUNT_DIR),
  ]
}

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
