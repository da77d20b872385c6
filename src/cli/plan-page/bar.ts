/** Bars made of characters: eighths of a cell where the terminal may show them, so that a short bar is still a bar. */

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar of `share` (0 to 1) of `width` cells, padded to `width`. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * width * 8)
  const cells = `${'█'.repeat(Math.floor(eighths / 8))}${EIGHTHS[eighths % 8]}`
  return (share > 0 && cells === '' ? '▏' : cells).padEnd(width)
}

/** Parts of a whole side by side, each its own letter or shade; what is left of `width` is free. */
export function stacked(parts: readonly { readonly share: number; readonly mark: string }[], width: number): string {
  let drawn = 0
  let sum = 0
  const cells = parts.map(({ share, mark }) => {
    sum += share
    const until = Math.min(width, Math.round(sum * width))
    const text = mark.repeat(Math.max(0, until - drawn))
    drawn = Math.max(drawn, until)
    return text
  })
  return `${cells.join('')}${'·'.repeat(width - drawn)}`
}
