import { expect, test } from 'vitest'
import { foldersOutwards, parseLayout } from './cgroup-layout.ts'

const V1_MOUNTS = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`

test('version 1 has a hierarchy for some controllers each, and this process a folder in each', () => {
  const layout = parseLayout(V1_MOUNTS, '4:memory:/session/7\n2:cpu,cpuacct:/\n1:name=systemd:/init.scope\n0::/user\n')
  expect(layout.v1).toEqual([
    { controllers: ['cpu', 'cpuacct'], mount: '/sys/fs/cgroup/cpu,cpuacct', own: '' },
    { controllers: ['memory'], mount: '/sys/fs/cgroup/memory', own: '/session/7' },
  ])
  expect(layout.v2).toEqual({ controllers: [], mount: '/sys/fs/cgroup/unified', own: '/user' })
})

test('a container sees its part of the hierarchy as the top', () => {
  const mounts = '99 31 0:32 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate\n'
  expect(parseLayout(mounts, '0::/docker/abc/pods\n').v2?.own).toBe('/pods')
  expect(parseLayout(mounts, '0::/docker/abc\n').v2?.own).toBe('')
  expect(parseLayout(mounts, '0::/../other\n').v2?.own).toBe('')
})

test('a mount point with a space', () => {
  expect(parseLayout('1 1 0:1 / /my\\040groups rw - cgroup2 none rw\n', '0::/\n').v2?.mount).toBe('/my groups')
})

test('a machine without control groups', () => {
  expect(parseLayout('', '')).toEqual({ v1: [] })
})

test('places are tried from the inside outwards', () => {
  expect(foldersOutwards({ controllers: [], mount: '/cg', own: '/user.slice/user-1.slice' })).toEqual([
    '/cg/user.slice/user-1.slice',
    '/cg/user.slice',
    '/cg',
  ])
  expect(foldersOutwards({ controllers: [], mount: '/cg', own: '' })).toEqual(['/cg'])
})
