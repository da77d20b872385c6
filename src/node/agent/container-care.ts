/** What a running container gets beyond its process: its postStart hook, then its probes; before TERM its preStop hook. */
import type { Container, Handler, Probe } from '../../kube/core.ts'
import { type Health, hasProbes } from '../probes/health.ts'
import type { ContainerProbes } from '../probes/probe-container.ts'
import type { HandlerOptions, Target } from '../probes/run-handler.ts'
import { readRecord } from '../spawner/container-record.ts'
import type { AgentParts } from './agent-parts.ts'
import { observedOf } from './observed.ts'
import type { PodContext } from './pod-context.ts'
import type { PodView } from './pod-view.ts'
import { runInside } from './run-inside.ts'

export interface ContainerCare {
  began(container: Container, startedMs: number): void
  adopted(container: Container, startedMs: number, known: Health): void
  /** It is on its way out, alone or with its pod; its preStop hook may take `graceMs`. */
  stopping(container: Container, graceMs: number): void
  ended(name: string): void
  leave(): void
}

/** A hook without a time of its own; its container's end ends it. */
const UNBOUNDED_MS = 24 * 60 * 60 * 1000

export function createContainerCare(parts: AgentParts, view: PodView, context: PodContext): ContainerCare {
  const { clock, events } = parts
  const { pod, place, sync, hasLeft } = context
  const probes = new Map<string, ContainerProbes>()

  function targetOf(container: Container): Target {
    return {
      container,
      clock,
      address: place()?.sandbox.address ?? '',
      run: (command, timeoutMs) => {
        const sandbox = place()?.sandbox
        if (!sandbox) throw new Error('the pod is over')
        return runInside(parts, pod(), container, sandbox, command, timeoutMs)
      },
    }
  }

  /** Loaded with the first pod that needs it. */
  async function attempt(handler: Handler, container: Container, options: HandlerOptions) {
    const { runHandler } = await import('../probes/run-handler.ts')
    return runHandler(handler, targetOf(container), options)
  }

  const lifeOf = (name: string): number => observedOf(view.seen, name).life
  const isSameLife = (name: string, life: number): boolean =>
    !hasLeft() && lifeOf(name) === life && observedOf(view.seen, name).state.kind === 'running'

  async function probe(container: Container, startedMs: number, known?: Health): Promise<void> {
    if (!hasProbes(container)) return
    const { name } = container
    const life = lifeOf(name)
    const { probeContainer } = await import('../probes/probe-container.ts')
    if (!isSameLife(name, life)) return
    const started = probeContainer({
      container,
      clock,
      startedMs,
      known,
      ask: (each, timeoutMs) => attempt(each, container, { purpose: 'probe', timeoutMs }),
      tell: (reason, message, asked) => run(tell(container, reason, message, asked)),
      onHealth(health) {
        view.changeRunning(name, { health })
        sync()
      },
    })
    probes.set(name, started)
  }

  async function tell(container: Container, reason: string, message: string, asked: Probe): Promise<void> {
    const hint = message.endsWith('connection refused') ? await refusalHint(container, asked) : ''
    events.event(pod(), 'Warning', reason, `${message}${hint}`)
  }

  /** Where the pod has a network of its own, what listens there: the kubelet's words leave people guessing. */
  async function refusalHint(container: Container, { httpGet, tcpSocket, grpc }: Probe): Promise<string> {
    const { name } = container
    const folder = parts.folders.lifeFolder(pod().metadata.uid ?? '', name, lifeOf(name))
    const pid = parts.isolation === 'full' ? readRecord(folder)?.wrapper?.pid : undefined
    const asked = httpGet ?? tcpSocket ?? grpc
    if (pid === undefined || !asked || httpGet?.host || tcpSocket?.host) return ''
    const { hintOf, listenersOf } = await import('../probes/listening.ts')
    const { portOf } = await import('../probes/run-handler.ts')
    return hintOf(listenersOf(pid), portOf(asked.port, container))
  }

  /** The container counts as running once the hook is through; one that fails is its end. */
  async function postStart(container: Container, handler: Handler, startedMs: number): Promise<void> {
    const { name } = container
    const life = lifeOf(name)
    view.changeRunning(name, { postStart: 'running' })
    const outcome = await attempt(handler, container, { purpose: 'lifecycle', timeoutMs: UNBOUNDED_MS })
    if (!isSameLife(name, life)) return
    if (outcome.kind === 'success') {
      view.changeRunning(name, { postStart: undefined })
      await probe(container, startedMs)
    } else {
      events.event(pod(), 'Warning', 'FailedPostStartHook', 'PostStartHook failed')
      parts.log(`postStart hook of ${pod().metadata.name}/${name}: ${outcome.message}`)
      view.changeRunning(name, { postStart: 'failed' })
    }
    sync()
  }

  async function preStop(container: Container, handler: Handler, graceMs: number): Promise<void> {
    const { name } = container
    const life = lifeOf(name)
    const outcome = await attempt(handler, container, { purpose: 'lifecycle', timeoutMs: graceMs })
    if (!isSameLife(name, life)) return
    if (outcome.kind !== 'success') {
      events.event(pod(), 'Warning', 'FailedPreStopHook', 'PreStopHook failed')
      parts.log(`preStop hook of ${pod().metadata.name}/${name}: ${outcome.message}`)
    }
    const { state } = observedOf(view.seen, name)
    if (state.kind === 'running' && state.stopping) {
      view.changeRunning(name, { stopping: { ...state.stopping, isHookRunning: false } })
    }
    sync()
  }

  function run(work: Promise<void>): void {
    work.catch((error: Error) => parts.log(`pod ${pod().metadata.namespace}/${pod().metadata.name}: ${error.stack}`))
  }

  function ended(name: string): void {
    probes.get(name)?.stop()
    probes.delete(name)
  }

  return {
    began(container, startedMs) {
      const hook = container.lifecycle?.postStart
      run(hook ? postStart(container, hook, startedMs) : probe(container, startedMs))
    },
    adopted: (container, startedMs, known) => run(probe(container, startedMs, known)),
    stopping(container, graceMs) {
      const isOver = pod().metadata.deletionTimestamp !== undefined
      if (isOver) probes.get(container.name)?.wane()
      else ended(container.name)
      const hook = container.lifecycle?.preStop
      if (hook && graceMs > 0) run(preStop(container, hook, graceMs))
    },
    ended,
    leave() {
      for (const name of [...probes.keys()]) ended(name)
    },
  }
}
