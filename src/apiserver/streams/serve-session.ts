/** Joins who asked and what runs: bytes both ways at the pace of the slower, sizes, the exit code at the end. The process dies with its peer. */
import { finished, type Readable, type Writable } from 'node:stream'
import type { Session } from '../../client/node-api.ts'
import { exitStatus, type Peer, readSizes } from './peer.ts'

export async function serveSession(peer: Peer, session: Session): Promise<void> {
  void peer.gone.then(() => session.close())
  void relaySizes(peer, session)
  session.stdin?.on('error', () => {})
  if (peer.stdin && session.stdin) peer.stdin.pipe(session.stdin)
  else peer.stdin?.resume()
  const outputs = Promise.all([relay(session.stdout, peer.stdout), relay(session.stderr, peer.stderr)])
  const code = await session.ended
  await Promise.race([outputs, peer.gone])
  // What it did not read nobody will: the connection must not wait for it.
  peer.stdin?.unpipe().resume()
  await peer.finish(exitStatus(code))
  session.close()
}

/** Resolves when all of it is written. The target stays open: its end is part of the protocol. */
function relay(source: Readable | undefined, target: Writable | undefined): Promise<void> {
  if (!source) return Promise.resolve()
  if (!target) source.resume()
  else source.pipe(target, { end: false })
  return new Promise(resolve => {
    const flushed = (): void => {
      // An empty write comes after all others: the Status must not overtake what the command wrote.
      if (!target || target.destroyed) resolve()
      else target.write(Buffer.alloc(0), () => resolve())
    }
    // A command that says nothing may be over, and its outputs ended, before its client has opened the streams: their events are gone then.
    finished(source, { writable: false }, flushed)
  })
}

async function relaySizes({ sizes }: Peer, session: Session): Promise<void> {
  if (!sizes) return
  try {
    for await (const size of readSizes(sizes)) session.resize(size)
  } catch {
    // The peer left in the middle of it.
  }
}
