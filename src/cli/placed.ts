/** Problems at their places in the user's file. */
import type { Problem } from '../base/problem.ts'
import type { Item } from './declared.ts'

/** A field that is none of the declaration's is one of the config.json that it names. */
export function placed(item: Item & { readonly kind: 'declaration' }, problem: Problem): Problem {
  const isOwn = problem.field === '' || /^(spec|metadata|apiVersion|kind)\b/.test(problem.field)
  return { place: item.locate(isOwn ? problem.field : 'spec.model.huggingface.file'), ...problem }
}
