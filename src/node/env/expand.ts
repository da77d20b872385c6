/**
 * `$(NAME)` in values, commands and arguments (k8s.io/kubernetes third_party/forked/golang/expansion): a known name is replaced, an unknown one stays as it is
 * written, `$$` is a dollar sign that starts no reference.
 */
export const expand = (text: string, known: (name: string) => string | undefined): string =>
  text.replace(/\$(\$|\(([^)]*)\))/g, (written: string, after: string, name: string | undefined) =>
    after === '$' ? '$' : (known(name ?? '') ?? written),
  )
