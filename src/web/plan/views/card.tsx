/** A titled box of the page. */
import type { ComponentChildren } from 'preact'

interface CardProps {
  readonly title: string
  readonly note?: ComponentChildren
  readonly wide?: boolean
  readonly children: ComponentChildren
}

export const Card = ({ title, note, wide, children }: CardProps) => (
  <section class={wide ? 'card wide' : 'card'} aria-label={title}>
    <header>
      <h2>{title}</h2>
      {note !== undefined && <small>{note}</small>}
    </header>
    {children}
  </section>
)
