/** How a program that bin/bundle.js starts is bundled: options for esbuild. */
import { fileURLToPath } from 'node:url'

/** As modules of its own: eighty files for `require` take longer than reading a declaration. */
const YAML = fileURLToPath(import.meta.resolve('yaml')).replace('dist/index.js', 'browser/dist/index.js')

export const AS_COMMONJS = {
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': 'ownUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: "const ownUrl = require('node:url').pathToFileURL(__filename).href;" },
  minifyWhitespace: true,
  minifySyntax: true,
  // A package comes by `require`: V8's code cache forgets, in Node 20, who answers an `import()`.
  supported: { 'dynamic-import': false },
  alias: { yaml: YAML },
}
