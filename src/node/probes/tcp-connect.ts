/** A port that takes a connection is alive (the kubelet's pkg/probe/tcp). */
import { connect } from 'node:net'
import { failure, type Outcome, SUCCESS, wordsFor } from './outcome.ts'

export function tcpConnect(host: string, port: number, timeoutMs: number): Promise<Outcome> {
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const end = (outcome: Outcome): void => {
      socket.destroy()
      resolve(outcome)
    }
    const fail = (words: string): void => end(failure(`dial tcp ${host}:${port}: ${words}`))
    socket.setTimeout(timeoutMs, () => fail('i/o timeout'))
    socket.once('connect', () => end(SUCCESS)).once('error', error => fail(wordsFor(error)))
  })
}
