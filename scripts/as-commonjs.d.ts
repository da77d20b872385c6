import type { BuildOptions } from 'esbuild'

export declare const AS_COMMONJS: BuildOptions
