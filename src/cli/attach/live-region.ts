/**
 * A few lines at the bottom of a terminal that are drawn anew in place, at most ten times a second; what is printed meanwhile scrolls by
 * above them.
 */
import type { Terminal } from '../terminal.ts'

const REDRAW_MS = 100
const ESCAPE = '\x1b['

export class LiveRegion {
  private readonly terminal: Terminal
  private readonly lines: () => readonly string[]
  private drawn = 0
  private timer: NodeJS.Timeout | undefined

  /** `lines` is asked at each drawing. */
  constructor(terminal: Terminal, lines: () => readonly string[]) {
    this.terminal = terminal
    this.lines = lines
  }

  start(): void {
    this.timer = setInterval(() => this.draw(), REDRAW_MS)
    this.draw()
  }

  /** Lets `print` write above the region. */
  above(print: () => void): void {
    this.clear()
    print()
    this.draw()
  }

  /** Leaves the last state standing, or nothing. */
  stop(keep: boolean): void {
    clearInterval(this.timer)
    if (keep) this.draw()
    else this.clear()
    this.drawn = 0
  }

  private draw(): void {
    const { columns } = this.terminal
    const lines = this.lines().map(line => cut(line, columns - 1))
    // One write, so that no half of a picture is seen.
    this.terminal.writeNote(`${this.up()}${lines.map(line => `\x1b[2K${line}\n`).join('')}\x1b[0J`)
    this.drawn = lines.length
  }

  private clear(): void {
    this.terminal.writeNote(`${this.up()}\x1b[0J`)
    this.drawn = 0
  }

  private up(): string {
    return this.drawn > 0 ? `\x1b[${this.drawn}F` : ''
  }
}

/** No longer than `width` on the screen: a line that wraps would be drawn over wrongly. Colours take no room. */
export function cut(line: string, width: number): string {
  const [first = '', ...coloured] = line.split(ESCAPE)
  let room = width
  const take = (text: string): string => {
    const kept = [...text].slice(0, room)
    room -= kept.length
    return kept.join('')
  }
  const start = take(first)
  return coloured.reduce((out, piece) => {
    const code = piece.slice(0, piece.indexOf('m') + 1)
    return `${out}${ESCAPE}${code}${take(piece.slice(code.length))}`
  }, start)
}
