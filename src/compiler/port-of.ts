/** Ports that are the same wherever they are computed: by hash of what they are for, so that two jobs on one host seldom meet. */
import { createHash } from 'node:crypto'

const FIRST = 20_000
const COUNT = 10_000

/** From 20000 to 29999. */
export const portOf = (namespace: string, name: string, use = ''): number =>
  FIRST +
  (createHash('sha256')
    .update(`${namespace}/${name}${use && `/${use}`}`)
    .digest()
    .readUInt32BE(0) %
    COUNT)
