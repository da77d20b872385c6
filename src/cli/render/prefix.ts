/** The name before a line of a log, where several containers speak: one colour a pod. */
import type { LogLine } from '../pod-logs.ts'
import type { Style } from '../terminal.ts'

export function prefixPainter(style: Style, named: boolean): (line: LogLine) => string {
  const colours = [style.cyan, style.green, style.yellow, style.bold]
  const byPod = new Map<string, (text: string) => string>()
  return ({ pod, container, text }) => {
    if (!named) return text
    const paint = byPod.get(pod) ?? colours[byPod.size % colours.length]!
    byPod.set(pod, paint)
    return `${paint(`[${pod}/${container}]`)} ${text}`
  }
}
