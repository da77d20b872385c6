/** A flag of a stream's query as Go's conversion reads it: whatever is there but `0` and `false` counts as true. */
export function streamFlag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  return text !== null && text !== '0' && text.toLowerCase() !== 'false'
}
