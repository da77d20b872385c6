/**
 * A pod's root: a tmpfs with each top-level folder of the host bound into it, and /proc and /sys of its own. Never an overlay of `/`: what a
 * pod writes reaches the host, and what is made on the host later is visible, but for new names directly in `/`.
 */
import { type Entry, quote, type TableLine } from './mount-plan.ts'

export interface RootFacts {
  readonly top: readonly Entry[]
  /** Mount points of the host (mountinfo), in order. */
  readonly mountPoints: readonly string[]
  /** A network namespace of its own wants a /sys that shows it. */
  readonly ownNetwork: boolean
}

const OLD_ROOT = '.host'

/** What is bound below `root`, in order. */
export function rootTable(root: string, { top, mountPoints, ownNetwork }: RootFacts): readonly TableLine[] {
  const at = (path: string): string => `${root}${path}`
  const bind = (path: string): TableLine => ({ source: path, target: at(path), type: 'none', options: 'rbind' })
  const lines = top
    .filter(({ name, kind }) => kind !== 'link' && name !== 'proc' && name !== 'sys')
    .map(({ name }) => bind(`/${name}`))
  const sys: TableLine[] = ownNetwork
    ? [
        { source: 'sysfs', target: at('/sys'), type: 'sysfs', options: 'nosuid,nodev,noexec' },
        ...topmost(mountPoints.filter(point => point.startsWith('/sys/'))).map(bind),
      ]
    : [bind('/sys')]
  return [{ source: 'proc', target: at('/proc'), type: 'proc', options: 'nosuid,nodev,noexec' }, ...sys, ...lines]
}

/** Points that lie in no other: a recursive bind brings the others along. */
const topmost = (points: readonly string[]): readonly string[] =>
  [...new Set(points)].filter(point => !points.some(other => point.startsWith(`${other}/`)))

/**
 * Commands for the holder. The tmpfs is unbindable so that the bind of the state folder in which it lies does not carry it along. A folder
 * that cannot be bound (64: some failed) is missing in the pod and no reason to have none.
 */
export function rootScript(root: string, table: string, { top }: RootFacts): string {
  const named = (kind: Entry['kind']): readonly string[] =>
    top.filter(each => each.kind === kind).map(each => each.name)
  const folders = [...named('folder'), OLD_ROOT]
  const links = named('link').map(name => quote(`/${name}`))
  return [
    `mount -t tmpfs -o mode=755 --make-unbindable solvent ${quote(root)}`,
    `cd ${quote(root)}`,
    `mkdir ${folders.map(quote).join(' ')}`,
    ...(links.length > 0 ? [`cp -P ${links.join(' ')} .`] : []),
    ...named('file').map(name => `: >${quote(name)}`),
    `{ mount -a -T ${quote(table)} || [ $? = 64 ]; }`,
    `pivot_root . ${OLD_ROOT}`,
    'cd /',
    `umount -l /${OLD_ROOT}`,
    `rmdir /${OLD_ROOT}`,
    'mount --make-private /',
  ].join(' &&\n')
}

/** Mount points from /proc/self/mountinfo (proc(5)); blanks are octal there. */
export const parseMountPoints = (mountInfo: string): readonly string[] =>
  mountInfo
    .split('\n')
    .map(line => line.split(' ')[4] ?? '')
    .filter(point => point !== '')
    .map(point => point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
