/**
 * Reading what other tasks made. On one machine the file is simply there; its name has a random part, so a path that exists is the file
 * that is meant. Otherwise it is fetched from its worker into this worker's scratch folder.
 */
import { closeSync, existsSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { LostInputs } from '../failure.ts'
import { encodeFrame } from '../frames.ts'
import type { SegmentInput } from '../protocol.ts'
import { writeWhole } from '../shuffle/segment-file.ts'

export interface LocalExtent {
  readonly path: string
  readonly offset: number
  readonly length: number
}

/** The extents of one map output on this machine's disk. Throws `LostInputs` when nobody has them any more. */
export async function localExtents(input: SegmentInput, scratch: string): Promise<readonly LocalExtent[]> {
  const extents: LocalExtent[] = []
  for (const [name, offset, length] of input.extents) {
    const path = input.base + name
    if (existsSync(path)) {
      extents.push({ path, offset, length })
      continue
    }
    const copy = join(scratch, `fetched-${input.split}-${extents.length}-${Math.random().toString(36).slice(2)}`)
    try {
      await fetchExtent(input.address, { path, offset, length }, copy)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOSPC' || code === 'EDQUOT') throw error
      throw new LostInputs([input.split])
    }
    extents.push({ path: copy, offset: 0, length })
  }
  return extents
}

function fetchExtent(address: string, extent: LocalExtent, copy: string): Promise<void> {
  const at = address.lastIndexOf(':')
  const fd = openSync(copy, 'wx', 0o600)
  let left = extent.length
  return new Promise<void>((done, failed) => {
    const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) })
    socket.setTimeout(10_000, () => socket.destroy(new Error(`${address} does not answer`)))
    socket.on('connect', () => socket.write(encodeFrame(extent)))
    socket.on('data', bytes => {
      try {
        writeWhole(fd, bytes)
        left -= bytes.length
      } catch (error) {
        socket.destroy(error as Error)
      }
    })
    socket.on('error', failed)
    socket.on('close', () => (left === 0 ? done() : failed(new Error(`${address} ended early`))))
  }).finally(() => closeSync(fd))
}
