/** JSON values over a socket, one a line. */
import type { Socket } from 'node:net'

/** Calls `take` for every value that arrives. A line that is no JSON closes the socket: the other side is none of ours. */
export function readJsonLines(socket: Socket, take: (value: unknown) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const value = parsed(line)
      if (value === undefined) {
        socket.destroy()
        return
      }
      take(value)
    }
  })
}

export function writeJsonLine(socket: Socket, value: unknown): void {
  if (!socket.destroyed && socket.writable) socket.write(`${JSON.stringify(value)}\n`)
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
