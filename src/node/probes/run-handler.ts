/** One try of what a probe or a hook declares, by a table. What each way needs is loaded when the first one asks for it. */
import type { Clock } from '../../base/clock.ts'
import type { Container, Handler } from '../../kube/core.ts'
import { failure, type Outcome, SUCCESS } from './outcome.ts'

export interface CommandEnd {
  readonly code: number
  readonly output: string
  readonly isTimedOut: boolean
}

/** The container that is asked. */
export interface Target {
  readonly container: Container
  /** The pod's. */
  readonly address: string
  readonly clock: Clock
  /** Inside the container, with its variables and in its folder. Throws where the command cannot be run. */
  readonly run: (command: readonly string[], timeoutMs: number) => Promise<CommandEnd>
}

export interface HandlerOptions {
  readonly purpose: 'probe' | 'lifecycle'
  readonly timeoutMs: number
}

export async function runHandler(handler: Handler, target: Target, options: HandlerOptions): Promise<Outcome> {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  try {
    if (exec) return await runCommand(exec.command ?? [], target, options)
    if (httpGet) return await get(httpGet, target, options)
    if (tcpSocket) return await connect(tcpSocket, target, options)
    if (grpc) return await ask(grpc, target, options)
    if (sleep) return await pause(sleep.seconds, target)
  } catch (error) {
    return { kind: 'unknown', message: (error as Error).message }
  }
  return { kind: 'unknown', message: `missing probe handler for container ${target.container.name}` }
}

async function runCommand(command: readonly string[], { run }: Target, { timeoutMs }: HandlerOptions) {
  const { code, output, isTimedOut } = await run(command, timeoutMs)
  if (isTimedOut)
    return failure(`command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs / 1000}s`)
  return code === 0 ? SUCCESS : failure(output)
}

async function get(action: NonNullable<Handler['httpGet']>, { address, container }: Target, options: HandlerOptions) {
  const port = portOf(action.port, container)
  const { httpGet } = await import('./http-get.ts')
  return httpGet(action, action.host || address, port, options)
}

async function connect(
  { host, port }: NonNullable<Handler['tcpSocket']>,
  { address, container }: Target,
  { timeoutMs }: HandlerOptions,
) {
  const number = portOf(port, container)
  const { tcpConnect } = await import('./tcp-connect.ts')
  return tcpConnect(host || address, number, timeoutMs)
}

async function ask(
  { port, service }: NonNullable<Handler['grpc']>,
  { address }: Target,
  { timeoutMs }: HandlerOptions,
) {
  const { grpcHealth } = await import('./grpc-health.ts')
  return grpcHealth(address, port, service ?? '', timeoutMs)
}

async function pause(seconds: number, { clock }: Target): Promise<Outcome> {
  await new Promise<void>(resolve => clock.after(seconds * 1000, resolve))
  return SUCCESS
}

/** A number, or the name of one of the container's ports. */
export function portOf(port: number | string, { ports = [] }: Container): number {
  const number = Number(port)
  if (Number.isInteger(number) && number > 0) return number
  const named = ports.find(({ name }) => name === port)
  if (!named) throw new Error(`port ${port} not found`)
  return named.containerPort
}
