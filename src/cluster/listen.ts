/** Finds the port that the API server listens on: the one that was asked for, else that of the cluster's last life, else a free one. */
import type { ApiServer } from '../apiserver/server.ts'
import { lastPort } from './state-files.ts'

/** The port that was asked for belongs to another program. */
export class PortInUse extends Error {
  constructor(port: number) {
    super(`port ${port} is in use by another program. Choose another with --port, or leave it out to take a free one.`)
    this.name = 'PortInUse'
  }
}

export async function listenOn(
  server: Pick<ApiServer, 'listen'>,
  address: string,
  state: string,
  asked: number | undefined,
): Promise<number> {
  const attempt = async (port: number): Promise<number | undefined> => {
    try {
      return (await server.listen([address], port)).port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      return undefined
    }
  }
  const port = await attempt(asked ?? lastPort(state) ?? 0)
  if (port !== undefined) return port
  if (asked !== undefined) throw new PortInUse(asked)
  return (await server.listen([address], 0)).port
}

const TRIES = 100
const AGAIN_MS = 100

/** At an address that another process is about to make. False where it does not come. */
export async function listenPatiently(
  server: Pick<ApiServer, 'listen'>,
  address: string,
  port: number,
): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      await server.listen([address], port)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') throw error
      await new Promise(resume => setTimeout(resume, AGAIN_MS))
    }
  }
  return false
}
