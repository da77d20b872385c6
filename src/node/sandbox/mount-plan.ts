/**
 * How mounts become visible in a pod's root without a folder of the host being made or changed, pure. The root is a tmpfs with each
 * top-level folder of the host bound into it, so:
 *
 * - a target that exists is mounted on;
 * - one that is missing at the top is made in the tmpfs;
 * - one that is missing deeper gets a cover: an overlay over the one folder in which the first name is missing. The folders in that folder are
 *   bound through the cover, so that what the pod writes into them still reaches the host, and mounts in them stay visible. A user namespace may
 *   not overlay a folder that others have mounted something in: there the cover is a new folder with every entry bound into it.
 */
import { dirname, join } from 'node:path'
import type { Mount } from './sandbox.ts'

export interface HostView {
  /** What stands at a path, links followed. */
  kindOf(path: string): 'folder' | 'file' | undefined
  realPath(path: string): string
  entriesIn(path: string): readonly Entry[]
  mountPoints(): readonly string[]
}

export interface Entry {
  readonly name: string
  /** A socket or device counts as a file: something that another file can be mounted from. */
  readonly kind: 'folder' | 'file' | 'link'
}

/** A line of fstab(5). */
export interface TableLine {
  readonly source: string
  readonly target: string
  readonly type: string
  readonly options: string
}

/** A mount, and the point without links at which it is. */
export interface MadeMount extends Mount {
  readonly point: string
}

/** What was mounted in a sandbox before. */
export interface Mounted {
  /** Folders with a cover, in the order of their numbers. */
  readonly covers: readonly string[]
  readonly mounts: readonly MadeMount[]
}

export const NOTHING_MOUNTED: Mounted = { covers: [], mounts: [] }

export interface MountPlan {
  /** To be made inside, with their parents, before anything is mounted. */
  readonly folders: readonly string[]
  /** Empty files to be made inside, after the folders. */
  readonly files: readonly string[]
  /** Links to be copied into a folder. */
  readonly links: readonly { readonly from: string; readonly into: string }[]
  readonly table: readonly TableLine[]
  readonly mounted: Mounted
}

export type PlanResult =
  | { readonly ok: true; readonly plan: MountPlan }
  | { readonly ok: false; readonly message: string }

/** Folders of the kernel: nothing can be made in them. In /dev only where an overlay may show devices: not in a user namespace. */
const KERNEL = ['/proc', '/sys']
const DEVICES = '/dev'
/** A folder with more folders than that is covered without passing them through: /nix/store and its like. */
const MAX_PASSED = 256
/** The machine's configuration: read, hardly ever written by a pod, and of so many folders that passing them would cost 6 ms a pod. */
const READ_MOSTLY = '/etc'

export interface PlanOptions {
  /** Where a missing mount point may be made in a volume (ours), and not (the host's). */
  readonly isOurs: (path: string) => boolean
  /** In a user namespace an overlay keeps its notes in user attributes. */
  readonly inUserNamespace: boolean
}

export function planMounts(
  wanted: readonly Mount[],
  before: Mounted,
  host: HostView,
  options: PlanOptions,
): PlanResult {
  const draft: Draft = {
    folders: [],
    files: [],
    links: [],
    table: [],
    covers: [...before.covers],
    mounts: [...before.mounts],
  }
  const numOld = before.covers.length
  for (const mount of [...wanted].sort((a, b) => (a.target < b.target ? -1 : 1))) {
    if (before.mounts.some(each => each.target === mount.target)) continue
    const problem = place(mount, draft, numOld, host, options)
    if (problem !== undefined) return { ok: false, message: problem }
  }
  const { covers, mounts, ...plan } = draft
  return { ok: true, plan: { ...plan, mounted: { covers, mounts } } }
}

interface Draft {
  readonly folders: string[]
  readonly files: string[]
  readonly links: { readonly from: string; readonly into: string }[]
  readonly table: TableLine[]
  readonly covers: string[]
  readonly mounts: MadeMount[]
}

type Kind = 'folder' | 'file'

function place(mount: Mount, draft: Draft, numOld: number, host: HostView, options: PlanOptions): string | undefined {
  const kind = host.kindOf(mount.source)
  if (kind === undefined) return `${mount.source} is not there`
  const target = splitAtMissing(mount.target, host)
  const point = join(target.folder, target.missing)
  const within = nearestMount(point, draft.mounts)
  const problem = within
    ? pointInMount(point, kind, within, draft, host, options)
    : pointInRoot(target, kind, draft, numOld, host, options)
  if (problem !== undefined) return problem
  draft.table.push({ ...bind(mount.source, point), options: mount.readOnly ? 'rbind,ro' : 'rbind' })
  draft.mounts.push({ ...mount, point })
  return undefined
}

interface SplitTarget {
  /** The deepest that exists, links resolved. */
  readonly folder: string
  readonly missing: string
}

function splitAtMissing(target: string, host: HostView): SplitTarget {
  let folder = target
  while (folder !== '/' && host.kindOf(folder) === undefined) folder = dirname(folder)
  return { folder: host.realPath(folder), missing: target.slice(folder === '/' ? 1 : folder.length + 1) }
}

function pointInRoot(
  { folder, missing }: SplitTarget,
  kind: Kind,
  draft: Draft,
  numOld: number,
  host: HostView,
  { inUserNamespace }: PlanOptions,
): string | undefined {
  const point = join(folder, missing)
  if (missing === '') return disagree(point, kind, host.kindOf(point))
  if (host.kindOf(folder) === 'file') return `${point} cannot be: ${folder} is a file`
  const kernel = inUserNamespace ? [...KERNEL, DEVICES] : KERNEL
  if (kernel.some(each => folder === each || folder.startsWith(`${each}/`))) {
    return `${point} does not exist, and nothing can be made in ${folder}`
  }
  if (folder === '/') {
    make(point, kind, draft)
    return undefined
  }
  const index = draft.covers.indexOf(folder)
  const number = index < 0 ? cover(folder, draft, host, inUserNamespace) : index
  make(number < numOld ? point : join(layer(number).upper, missing), kind, draft)
  return undefined
}

/** A mount inside a volume that is mounted too: upstream's runtime makes the point in the volume, we only in volumes of our own. */
function pointInMount(
  point: string,
  kind: Kind,
  within: MadeMount,
  draft: Draft,
  host: HostView,
  { isOurs }: PlanOptions,
): string | undefined {
  const beneath = join(within.source, point.slice(within.point.length))
  const present = host.kindOf(beneath)
  if (present) return disagree(point, kind, present)
  if (host.kindOf(within.source) === 'file') return `${point} cannot be: ${within.target} is a file`
  if (!isOurs(within.source)) return `${point} does not exist in ${within.source}, which is mounted at ${within.target}`
  make(beneath, kind, draft)
  return undefined
}

const disagree = (target: string, source: Kind, present: Kind | undefined): string | undefined =>
  source === present ? undefined : `a ${source} cannot be mounted at ${target}, which is a ${present}`

function make(point: string, kind: Kind, draft: Draft): void {
  draft.folders.push(kind === 'folder' ? point : dirname(point))
  if (kind === 'file') draft.files.push(point)
}

const nearestMount = (point: string, mounts: readonly MadeMount[]): MadeMount | undefined =>
  mounts.filter(each => point.startsWith(`${each.point}/`)).sort((a, b) => b.point.length - a.point.length)[0]

/** The folders behind cover number n, in the tmpfs of the root. */
function layer(number: number): Readonly<Record<'lower' | 'upper' | 'work', string>> {
  const at = `/.solvent/${number}`
  return { lower: `${at}/lower`, upper: `${at}/upper`, work: `${at}/work` }
}

function cover(folder: string, draft: Draft, host: HostView, inUserNamespace: boolean): number {
  const number = draft.covers.push(folder) - 1
  const { lower, upper, work } = layer(number)
  const entries = host.entriesIn(folder)
  const machines = namesMountedOn(folder, host.mountPoints(), host)
  const ours = namesMountedOn(
    folder,
    draft.mounts.map(each => each.point),
    host,
  )
  draft.folders.push(lower, upper)
  draft.table.push(bind(folder, lower))
  if (inUserNamespace && machines.size > 0) copyEntries(folder, upper, entries, draft)
  else {
    draft.folders.push(work)
    const notes = inUserNamespace ? ',userxattr' : ''
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}${notes}`
    draft.table.push({ source: 'overlay', target: folder, type: 'overlay', options })
    const folders = entries.filter(entry => entry.kind === 'folder').map(entry => entry.name)
    const isPassed = folder !== READ_MOSTLY && folders.length <= MAX_PASSED
    const passed = new Set([...(isPassed ? folders : []), ...machines, ...ours])
    for (const name of passed) draft.table.push(bind(join(lower, name), join(folder, name)))
  }
  return number
}

/** Everything in `folder` again in `upper`, which then stands in its place. */
function copyEntries(folder: string, upper: string, entries: readonly Entry[], draft: Draft): void {
  const { lower } = layer(draft.covers.length - 1)
  draft.table.push(bind(upper, folder))
  for (const { name, kind } of entries) {
    if (kind === 'link') draft.links.push({ from: join(folder, name), into: upper })
    else {
      make(join(upper, name), kind, draft)
      draft.table.push(bind(join(lower, name), join(folder, name)))
    }
  }
}

/** Names in a folder that have something mounted on them or below them: an overlay shows none of that. */
function namesMountedOn(folder: string, points: readonly string[], host: HostView): ReadonlySet<string> {
  return new Set(
    points
      .filter(point => point.startsWith(`${folder}/`))
      .map(point => point.slice(folder.length + 1).split('/')[0]!)
      .filter(name => host.kindOf(join(folder, name)) !== undefined),
  )
}

const bind = (source: string, target: string): TableLine => ({ source, target, type: 'none', options: 'rbind' })

/** The text of a table; blanks and backslashes as fstab(5) wants them. */
export const tableText = (table: readonly TableLine[]): string =>
  table
    .map(({ source, target, type, options }) => `${[source, target, type, options].map(escaped).join(' ')} 0 0\n`)
    .join('')

const escaped = (word: string): string =>
  word.replace(/[\\ \t\n#]/g, character => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)

export const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** The commands that carry a plan out; its table lies in `tableFile`. */
export function planScript({ folders, files, links }: MountPlan, tableFile: string): string {
  return [
    ...(folders.length > 0 ? [`mkdir -p ${[...new Set(folders)].map(quote).join(' ')}`] : []),
    ...files.map(file => `: >>${quote(file)}`),
    ...links.map(({ from, into }) => `cp -P ${quote(from)} ${quote(into)}`),
    `mount -a -T ${quote(tableFile)}`,
  ].join(' && ')
}
