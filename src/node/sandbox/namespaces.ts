/** The namespaces of each isolation, as `unshare` makes them and `nsenter` enters them. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Isolation } from './sandbox.ts'

export type Namespaced = Exclude<Isolation, 'none'>

/** Slave: what the machine mounts later is seen inside, and nothing that is mounted inside is seen outside. */
const SHARED = ['--mount', '--uts', '--pid', '--fork', '--kill-child', '--propagation', 'slave']

export const UNSHARE: Readonly<Record<Namespaced, readonly string[]>> = {
  full: ['--net', ...SHARED],
  mount: ['--user', '--map-root-user', ...SHARED],
}

const ENTER: Readonly<Record<Namespaced, readonly string[]>> = {
  full: ['--net', '--mount', '--uts'],
  mount: ['--user', '--preserve-credentials', '--mount', '--uts'],
}

/** By its path: a container's own PATH may lead elsewhere. */
const nsenter: string =
  [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/bin', '/usr/sbin', '/sbin']
    .filter(folder => folder !== '')
    .map(folder => join(folder, 'nsenter'))
    .find(path => existsSync(path)) ?? 'nsenter'

const target = (isolation: Namespaced, pid: number): readonly string[] => [
  nsenter,
  '--target',
  String(pid),
  ...ENTER[isolation],
  '--pid',
]

/** For a shell whose children shall be inside: it is not forked, so it stays the child of whoever starts it. */
export const enterAsWrapper = (isolation: Namespaced, pid: number): readonly string[] => [
  ...target(isolation, pid),
  '--no-fork',
  '--',
]

/** For a command that shall be inside itself. */
export const enterWith = (isolation: Namespaced, pid: number, argv: readonly string[]): readonly string[] => [
  ...target(isolation, pid),
  '--',
  ...argv,
]
