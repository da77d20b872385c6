/** The same as ../server, as a function: Solvent's runner does the rest, and leaves without a failed request. */
import { hostname } from 'node:os'

export default (request: Request): Response => {
  const { pathname } = new URL(request.url)
  return new Response(`${process.env.GREETING} ${decodeURIComponent(pathname.slice(1)) || 'you'}, from ${hostname()}\n`)
}
