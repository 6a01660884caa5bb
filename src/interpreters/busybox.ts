import { fileName } from './file-name.js'
import type { Interpreter } from './interpreter.js'
import { findScript } from './shell.js'

const SHELL = /^(?:sh|ash|hush)$/

/** Many programs in one: which of them is told by how it was called. */
export const BUSYBOX: Interpreter = {
  name: 'busybox',
  file: /^busybox$/,
  find(args, first) {
    const called = fileName(first.replace(/^-/, ''))
    const [applet, rest] = called === 'busybox' ? [args[0], args.slice(1)] : [called, args]
    if (applet === undefined || !/^[\w[.+-]+$/.test(applet)) return undefined
    return SHELL.test(applet) ? (findScript(rest) ?? applet) : applet
  },
}
