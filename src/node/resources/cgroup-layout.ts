/**
 * Where this machine's control groups are: from /proc/self/mountinfo and /proc/self/cgroup (cgroups(7)) to folders. Pure. Version 1 mounts a
 * hierarchy for each controller or a few of them, version 2 one for all; a machine may have both.
 */

export const CONTROLLERS = ['cpu', 'cpuacct', 'memory', 'pids'] as const
export type Controller = (typeof CONTROLLERS)[number]

export interface Hierarchy {
  /** Of version 1; of version 2 empty: its folders say in `cgroup.controllers`. */
  readonly controllers: readonly Controller[]
  /** Where it is mounted. */
  readonly mount: string
  /** The folder below `mount` that this process is in, with a slash before it; empty at the top. */
  readonly own: string
}

export interface CgroupLayout {
  readonly v1: readonly Hierarchy[]
  readonly v2?: Hierarchy
}

export function parseLayout(mountinfo: string, selfCgroup: string): CgroupLayout {
  const own = ownPaths(selfCgroup)
  const mounts = mountinfo.split('\n').flatMap(parseMount)
  const v1 = mounts.flatMap(({ type, mount, root, options }): Hierarchy[] => {
    const controllers = CONTROLLERS.filter(name => options.includes(name))
    const path = own.find(each => controllers.some(name => each.controllers.includes(name)))?.path ?? '/'
    return type === 'cgroup' && controllers.length > 0 ? [{ controllers, mount, own: below(root, path) }] : []
  })
  const unified = mounts.find(({ type }) => type === 'cgroup2')
  if (!unified) return { v1 }
  const path = own.find(({ controllers }) => controllers.length === 0)?.path ?? '/'
  return { v1, v2: { controllers: [], mount: unified.mount, own: below(unified.root, path) } }
}

/** Lines `4:memory:/a/b`, for version 2 `0::/a/b`. */
const ownPaths = (text: string) =>
  text.split('\n').flatMap(line => {
    const [number, names = '', ...path] = line.split(':')
    return number === '' ? [] : [{ controllers: names.split(',').filter(Boolean), path: path.join(':') }]
  })

/** `31 23 0:28 ROOT MOUNT OPTIONS [TAGS] - TYPE SOURCE SUPER-OPTIONS` (proc_pid_mountinfo(5)). */
function parseMount(line: string) {
  const [before = '', after = ''] = line.split(' - ')
  const [, , , root = '/', mount = ''] = before.split(' ')
  const [type = '', , options = ''] = after.split(' ')
  return type.startsWith('cgroup') ? [{ type, root, mount: unescaped(mount), options: options.split(',') }] : []
}

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** A container sees a part of the hierarchy, whose top is `root`. */
function below(root: string, path: string): string {
  const inside = root !== '/' && path.startsWith(root) ? path.slice(root.length) : root === '/' ? path : ''
  return inside === '/' || inside.startsWith('/..') ? '' : inside
}

/** From the innermost folder outwards: where pods may be put. */
export function foldersOutwards({ mount, own }: Hierarchy): readonly string[] {
  const steps = own.split('/').filter(Boolean)
  return [...steps.keys(), steps.length].reverse().map(count => [mount, ...steps.slice(0, count)].join('/'))
}
