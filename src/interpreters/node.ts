import { fileName } from './file-name.js'
import { createGrammar, findProgram } from './grammar.js'
import type { Interpreter } from './interpreter.js'

/** Options of Node.js 20 to 24 that have a value (src/node_options.cc); those of V8 have theirs after `=`. */
const GRAMMAR = createGrammar(
  {
    text: '-e --eval -p --print -pe --run --test --v8-options',
    value:
      '-r --require --import --loader --experimental-loader -C --conditions --env-file --env-file-if-exists --title ' +
      '--input-type --experimental-default-type --inspect-port --debug-port --inspect-publish-uid --watch-path ' +
      '--experimental-policy --policy-integrity --allow-fs-read --allow-fs-write --disable-warning --disable-proto ' +
      '--unhandled-rejections --redirect-warnings --diagnostic-dir --report-dir --report-directory ' +
      '--report-filename --report-signal --heapsnapshot-signal --heapsnapshot-near-heap-limit --cpu-prof-dir ' +
      '--cpu-prof-name --cpu-prof-interval --heap-prof-dir --heap-prof-name --heap-prof-interval --icu-data-dir ' +
      '--openssl-config --tls-cipher-list --tls-keylog --secure-heap --secure-heap-min --max-http-header-size ' +
      '--dns-result-order --network-family-autoselection-attempt-timeout --trace-event-categories ' +
      '--trace-event-file-pattern --trace-require-module --snapshot-blob --build-snapshot-config ' +
      '--experimental-sea-config --experimental-config-file --localstorage-file --v8-pool-size --use-largepages ' +
      '--security-revert --security-reverts',
  },
  false,
)

export const NODE: Interpreter = {
  name: 'node',
  file: /^node(?:js)?(?:-?\d+)?$/,
  find(args) {
    const found = findProgram(args, GRAMMAR)
    const script = found?.value === 'inspect' ? findProgram(found.rest, GRAMMAR) : found
    return script && fileName(script.value)
  },
  fromTitle: (word) => word,
}
