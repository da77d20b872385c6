/** `solvent explain TYPE[.FIELD...]`: what the fields of a kind are, by the documents of the server that serves it. */
import { didYouMean } from '../../base/did-you-mean.ts'
import { apiVersionOf } from '../../kube/kinds.ts'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { type Document, explain } from '../render/explained.ts'
import { kindFor } from '../resources.ts'
import { openTarget } from '../target.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const [what, ...more] = args
  if (!what || more.length > 0)
    throw usageError('explain takes one TYPE, with fields after dots: deployment.spec.strategy')
  const { api } = await openTarget(invocation)
  const [type = '', ...path] = what.split('.')
  const wanted = flags.text('api-version')
  const named = await kindFor(api, wanted ? `${type}.${wanted.split('/').reverse().join('.')}` : type)
  const root = named.group === '' ? 'api' : 'apis'
  const document = await api.transport.json<Document>({ path: `/openapi/v3/${root}/${apiVersionOf(named)}` })
  const found = explain(document, named, path, flags.on('recursive'))
  if (!found) throw new Exit(EXIT.error, `the server does not describe ${named.kind} in ${apiVersionOf(named)}`)
  if ('unknown' in found) {
    const near = didYouMean(found.unknown, found.known)
    throw new Exit(EXIT.error, `field "${found.unknown}" does not exist.${near ? ` ${near}` : ''}`)
  }
  for (const line of found.lines) terminal.print(line)
  return EXIT.ok
}
