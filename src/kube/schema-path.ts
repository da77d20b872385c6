/** Field paths as Kubernetes prints them (apimachinery's util/validation/field): `spec.args[2]`, `spec.config[a.b]`. */

export type FieldPath = readonly (string | number)[]

/** `['spec', 'args', 2]` -> `spec.args[2]`. A key that is not a plain word stands in brackets. */
export function formatFieldPath(path: FieldPath): string {
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`
      if (!/^[A-Za-z_$][\w$-]*$/.test(step)) return `[${step}]`
      return i === 0 ? step : `.${step}`
    })
    .join('')
}

/** The same with a dot before every name, as kube-openapi prints it: `spec.config.a.b`. */
export const formatDottedPath = (path: FieldPath): string =>
  path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('')

/** The way back, for paths that `formatFieldPath` wrote. */
export function parseFieldPath(text: string): FieldPath {
  return [...text.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, key, word]) =>
    key === undefined ? word! : /^\d+$/.test(key) ? Number(key) : key,
  )
}
