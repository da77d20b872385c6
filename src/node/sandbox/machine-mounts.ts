/**
 * What is mounted on this machine. Where mounts are shared (systemd makes them so) a later one appears in every sandbox; where they are
 * private, as in many containers and small virtual machines, a sandbox goes on seeing what was mounted when it was made.
 */
import { readFileSync } from 'node:fs'

/** Differs between two moments when a sandbox made at the first cannot show what is mounted at the second. */
export function machineMounts(read: () => string = () => readFileSync('/proc/self/mountinfo', 'utf8')): string {
  try {
    const text = read()
    return isShared(text) ? '' : text
  } catch {
    return ''
  }
}

/** proc(5): the optional fields of the root's line, between its options and the lone hyphen. */
const isShared = (text: string): boolean => /^\d+ \d+ \S+ \S+ \/ \S+ (?:\S+ )*?shared:\d+ (?:\S+ )*?- /m.test(text)
