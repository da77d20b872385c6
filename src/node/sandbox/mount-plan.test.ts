/** Plans of mounts over made-up machines. */

import { dirname } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type HostView, NOTHING_MOUNTED, planMounts, planScript, quote, tableText } from './mount-plan.ts'
import { parseMountPoints, rootTable } from './pod-root.ts'
import type { Mount } from './sandbox.ts'

/** A machine of these paths: folders end with a slash; `links` lead from a path to another. */
function machine(
  paths: readonly string[],
  links: Readonly<Record<string, string>> = {},
  mounts: readonly string[] = [],
): HostView {
  const folders = new Set(['/'])
  const files = new Set<string>()
  for (const path of paths) {
    if (!path.endsWith('/')) files.add(path)
    let folder = path.endsWith('/') ? path.slice(0, -1) : dirname(path)
    for (; folder !== '/'; folder = dirname(folder)) folders.add(folder)
  }
  const resolve = (path: string): string => {
    const link = Object.keys(links).find(each => path === each || path.startsWith(`${each}/`))
    return link === undefined ? path : resolve(links[link] + path.slice(link.length))
  }
  return {
    kindOf: path => (folders.has(resolve(path)) ? 'folder' : files.has(resolve(path)) ? 'file' : undefined),
    realPath: resolve,
    entriesIn: folder => [
      ...[...folders]
        .filter(each => each !== '/' && dirname(each) === folder)
        .map(each => ({ name: each.slice(folder.length + 1), kind: 'folder' as const })),
      ...[...files]
        .filter(each => dirname(each) === folder)
        .map(each => ({ name: each.slice(folder.length + 1), kind: 'file' as const })),
      ...Object.keys(links)
        .filter(each => dirname(each) === folder)
        .map(each => ({ name: each.slice(folder.length + 1), kind: 'link' as const })),
    ],
    mountPoints: () => mounts,
  }
}

const HOST = machine(
  [
    '/state/v/',
    '/state/file',
    '/etc/passwd',
    '/etc/ssl/',
    '/run/lock/',
    '/run/user/1000/',
    '/run/socket',
    '/srv/data/',
    '/dev/null',
    '/proc/1/',
    '/usr/bin/sh',
  ],
  { '/var/run': '/run' },
)
const OPTIONS = { isOurs: (path: string) => path.startsWith('/state/'), inUserNamespace: false }
const mountAt = (target: string, source = '/state/v', readOnly = false): Mount => ({ source, target, readOnly })
const plan = (...mounts: readonly Mount[]) => {
  const result = planMounts(mounts, NOTHING_MOUNTED, HOST, OPTIONS)
  if (!result.ok) throw new Error(result.message)
  return result.plan
}

test('a target that exists is mounted on, and nothing is made', () => {
  expect(plan(mountAt('/srv/data', '/state/v', true))).toMatchObject({
    folders: [],
    files: [],
    table: [{ source: '/state/v', target: '/srv/data', options: 'rbind,ro' }],
  })
})

test('a target missing at the top is made in the root itself', () => {
  expect(plan(mountAt('/data/in'))).toMatchObject({ folders: ['/data/in'], table: [{ target: '/data/in' }] })
})

test('a target missing deeper covers the one folder in which the first name is missing, and passes its folders through', () => {
  const { folders, table, mounted } = plan(mountAt('/var/run/secrets/kubernetes.io/serviceaccount'))
  expect(mounted.covers).toEqual(['/run'])
  expect(folders).toEqual([
    '/.solvent/0/lower',
    '/.solvent/0/upper',
    '/.solvent/0/work',
    '/.solvent/0/upper/secrets/kubernetes.io/serviceaccount',
  ])
  expect(tableText(table)).toBe(
    [
      '/run /.solvent/0/lower none rbind 0 0',
      'overlay /run overlay lowerdir=/.solvent/0/lower,upperdir=/.solvent/0/upper,workdir=/.solvent/0/work 0 0',
      '/.solvent/0/lower/lock /run/lock none rbind 0 0',
      '/.solvent/0/lower/user /run/user none rbind 0 0',
      '/state/v /run/secrets/kubernetes.io/serviceaccount none rbind 0 0',
      '',
    ].join('\n'),
  )
})

test('two targets in one folder share its cover', () => {
  const { mounted, table } = plan(mountAt('/run/a'), mountAt('/run/b'))
  expect(mounted.covers).toEqual(['/run'])
  expect(table.filter(line => line.type === 'overlay')).toHaveLength(1)
})

test('a later mount makes its point in a cover that is there', () => {
  const first = plan(mountAt('/run/a'))
  const second = planMounts([mountAt('/run/b/c')], first.mounted, HOST, OPTIONS)
  expect(second).toMatchObject({ ok: true, plan: { folders: ['/run/b/c'], table: [{ target: '/run/b/c' }] } })
})

test('what was mounted in a folder before is passed through a later cover', () => {
  const first = plan(mountAt('/etc/passwd', '/state/file'))
  const second = planMounts([mountAt('/etc/solvent/plan')], first.mounted, HOST, OPTIONS)
  expect(second.ok && second.plan.table.map(line => line.target)).toContain('/etc/passwd')
})

test('in a user namespace a folder with mounts in it is copied entry by entry instead', () => {
  const host = machine(['/state/v/', '/run/lock/', '/run/socket'], { '/run/link': '/run/lock' }, ['/run/lock'])
  const result = planMounts([mountAt('/run/a')], NOTHING_MOUNTED, host, { ...OPTIONS, inUserNamespace: true })
  expect(result.ok && tableText(result.plan.table)).toBe(
    [
      '/run /.solvent/0/lower none rbind 0 0',
      '/.solvent/0/upper /run none rbind 0 0',
      '/.solvent/0/lower/lock /run/lock none rbind 0 0',
      '/.solvent/0/lower/socket /run/socket none rbind 0 0',
      '/state/v /run/a none rbind 0 0',
      '',
    ].join('\n'),
  )
  expect(result.ok && planScript(result.plan, '/t')).toBe(
    "mkdir -p '/.solvent/0/lower' '/.solvent/0/upper' '/.solvent/0/upper/lock' '/.solvent/0/upper/a' && : >>'/.solvent/0/upper/socket' && " +
      "cp -P '/run/link' '/.solvent/0/upper' && mount -a -T '/t'",
  )
})

test('a point inside a volume of ours is made in it; in a folder of the host it is not', () => {
  expect(plan(mountAt('/data'), mountAt('/data/sub'))).toMatchObject({ folders: ['/data', '/state/v/sub'] })
  expect(planMounts([mountAt('/data', '/srv/data'), mountAt('/data/sub')], NOTHING_MOUNTED, HOST, OPTIONS)).toEqual({
    ok: false,
    message: '/data/sub does not exist in /srv/data, which is mounted at /data',
  })
})

test.each([
  ['/proc/solvent', '/state/v', '/proc/solvent does not exist, and nothing can be made in /proc'],
  ['/etc/passwd', '/state/v', 'a folder cannot be mounted at /etc/passwd, which is a file'],
  ['/etc/passwd/deep', '/state/v', '/etc/passwd/deep cannot be: /etc/passwd is a file'],
  ['/srv/data', '/state/file', 'a file cannot be mounted at /srv/data, which is a folder'],
  ['/data', '/nowhere', '/nowhere is not there'],
])('%s from %s is refused: %s', (target, source, message) => {
  expect(planMounts([mountAt(target, source)], NOTHING_MOUNTED, HOST, OPTIONS)).toEqual({ ok: false, message })
})

test('in a user namespace, which may not show devices, nothing is made in /dev; elsewhere it gets a cover', () => {
  expect(planMounts([mountAt('/dev/solvent')], NOTHING_MOUNTED, HOST, { ...OPTIONS, inUserNamespace: true })).toEqual({
    ok: false,
    message: '/dev/solvent does not exist, and nothing can be made in /dev',
  })
  const result = planMounts([mountAt('/dev/solvent')], NOTHING_MOUNTED, HOST, { ...OPTIONS, inUserNamespace: false })
  expect(result).toMatchObject({ ok: true, plan: { mounted: { covers: ['/dev'] } } })
})

test('nothing of the host is ever made: every point is in the root, in a layer, or in a volume of ours', () => {
  const segment = fc.constantFrom('srv', 'data', 'run', 'lock', 'etc', 'x', 'y', 'user')
  const target = fc.array(segment, { minLength: 1, maxLength: 4 }).map(parts => `/${parts.join('/')}`)
  const mount = fc.record({
    target,
    source: fc.constantFrom('/state/v', '/srv/data', '/state/file'),
    readOnly: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(mount, { maxLength: 5, selector: each => each.target }),
      fc.boolean(),
      (mounts, inUserNamespace) => {
        const result = planMounts(mounts, NOTHING_MOUNTED, HOST, { ...OPTIONS, inUserNamespace })
        if (!result.ok) return
        for (const made of [...result.plan.folders, ...result.plan.files]) {
          const top = `/${made.split('/')[1]}`
          expect(
            made.startsWith('/.solvent/') ||
              made.startsWith('/state/v/') ||
              HOST.kindOf(top) === undefined ||
              HOST.kindOf(made) === 'folder',
          ).toBe(true)
        }
        expect(result.plan.mounted.covers).not.toContain('/')
        // Planned again, nothing is left to do.
        const again = planMounts(mounts, result.plan.mounted, HOST, OPTIONS)
        expect(again.ok && again.plan.table).toEqual([])
      },
    ),
  )
})

describe('the root', () => {
  test('every top-level folder and file is bound; links are copied; /proc and /sys are new', () => {
    const top = [
      { name: 'usr', kind: 'folder' },
      { name: 'proc', kind: 'folder' },
      { name: 'sys', kind: 'folder' },
      { name: 'bin', kind: 'link' },
      { name: 'swap file', kind: 'file' },
    ] as const
    const mountPoints = ['/', '/sys', '/sys/fs/cgroup', '/sys/fs/cgroup/cpu']
    expect(tableText(rootTable('/r', { top, mountPoints, ownNetwork: true }))).toBe(
      [
        'proc /r/proc proc nosuid,nodev,noexec 0 0',
        'sysfs /r/sys sysfs nosuid,nodev,noexec 0 0',
        '/sys/fs/cgroup /r/sys/fs/cgroup none rbind 0 0',
        '/usr /r/usr none rbind 0 0',
        '/swap\\040file /r/swap\\040file none rbind 0 0',
        '',
      ].join('\n'),
    )
    expect(tableText(rootTable('/r', { top, mountPoints, ownNetwork: false }))).toContain('/sys /r/sys none rbind 0 0')
  })

  test('mount points are read with their blanks', () => {
    expect(parseMountPoints('1 0 8:1 / / rw - ext4 x rw\n2 1 8:1 / /a\\040b rw shared:1 - ext4 x rw\n')).toEqual([
      '/',
      '/a b',
    ])
  })

  test('quoted words stay one word', () => expect(quote("it's")).toBe("'it'\\''s'"))
})
