/** `solvent cp`: files to and from a container, by tar on both sides, as kubectl does; the pod needs a tar and a test, no more. */
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, posix, resolve } from 'node:path'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { containerMeant, podMeant, refuseEnded } from '../pod-meant.ts'
import { type RemoteShell, remoteShell } from '../remote-tar.ts'
import { openTarget } from '../target.ts'

interface Remote {
  readonly namespace?: string
  readonly pod: string
  readonly path: string
}

/** `pod:path` or `namespace/pod:path`; a path of this machine has no colon before its first slash, or is written `./a:b`. */
export function remoteFrom(text: string): Remote | undefined {
  const match = /^(?:([a-z0-9-]+)\/)?([a-z0-9][a-z0-9.-]*):(.*)$/.exec(text)
  if (!match) return undefined
  const [, namespace, pod = '', path = ''] = match
  if (path === '') throw usageError(`"${text}" names no path: write ${text}/some/path`)
  return { ...(namespace && { namespace }), pod, path }
}

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const [from, to, more] = args
  if (from === undefined || to === undefined || more !== undefined) {
    throw usageError('say what and where: solvent cp FILE POD:PATH, or solvent cp POD:PATH FILE')
  }
  const [source, target] = [remoteFrom(from), remoteFrom(to)]
  if (source && target) throw usageError('one of the two must be a path of this machine')
  const remote = source ?? target
  if (!remote) throw usageError('one of the two must be POD:PATH')
  if (!source && !existsSync(from)) throw new Exit(EXIT.error, `there is no ${from}`)

  const opened = await openTarget(invocation)
  const namespace = remote.namespace ?? opened.namespace
  const { pod } = await podMeant({ api: opened.api, namespace }, remote.pod)
  refuseEnded(pod, 'copy from or to')
  const container = containerMeant(pod, flags.text('container'), terminal)
  const shell = remoteShell(opened.api.connection, { namespace, name: remote.pod }, container)
  if (source) await download(shell, source.path, to)
  else await upload(shell, from, remote.path)
  return EXIT.ok
}

/** Into a folder that is there already: under its own name, as cp does. */
async function upload(shell: RemoteShell, from: string, path: string): Promise<void> {
  const isInto = path.endsWith('/') || (await shell.succeeds(['test', '-d', path]))
  const wanted = isInto ? posix.join(path, basename(resolve(from))) : path
  const folder = posix.dirname(wanted)
  const name = posix.basename(wanted)
  if (statSync(from).isDirectory()) {
    await shell.succeeds(['mkdir', '-p', wanted])
    return shell.unpack(['-C', from, '.'], wanted)
  }
  // A link of the wanted name, followed: tars differ in how they rename.
  const staging = mkdtempSync(join(process.env.TMPDIR ?? '/tmp', 'solvent-cp-'))
  try {
    symlinkSync(resolve(from), join(staging, name))
    await shell.unpack(['-h', '-C', staging, name], folder)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

/** Unpacked beside its place and moved there: whatever the archive holds besides goes nowhere. */
async function download(shell: RemoteShell, path: string, to: string): Promise<void> {
  const clean = path.replace(/\/+$/, '') || '/'
  const name = posix.basename(clean)
  if (name === '' || name === '.' || name === '..') throw usageError(`"${path}" names no file or folder of its own`)
  const isInto = to.endsWith('/') || statSync(to, { throwIfNoEntry: false })?.isDirectory() === true
  const wanted = isInto ? join(to, name) : resolve(to)
  if (!existsSync(dirname(wanted))) throw new Exit(EXIT.error, `there is no folder ${dirname(wanted)}`)
  const staging = mkdtempSync(join(dirname(wanted), '.solvent-cp-'))
  try {
    await shell.pack(posix.dirname(clean), name, staging)
    if (statSync(wanted, { throwIfNoEntry: false })?.isDirectory()) rmSync(wanted, { recursive: true })
    renameSync(join(staging, name), wanted)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}
