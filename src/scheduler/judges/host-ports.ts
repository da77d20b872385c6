/** Ports of the node itself go to one pod each (nodeports/node_ports.go). */
import type { HostPort } from '../pod-view.ts'
import { type Judge, refusal } from './judge.ts'

const TAKEN = refusal("node(s) didn't have free ports for the requested pod ports")

export const hostPortsAreFree: Judge = ({ hostPorts }) =>
  hostPorts.length === 0
    ? undefined
    : {
        refuses: ({ pods }) =>
          pods.some(other => other.hostPorts.some(taken => hostPorts.some(asked => collide(asked, taken))))
            ? TAKEN
            : undefined,
      }

const ANY = '0.0.0.0'
const collide = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === ANY || b.ip === ANY)
