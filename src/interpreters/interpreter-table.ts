import { BUSYBOX } from './busybox.js'
import { DOTNET } from './dotnet.js'
import { ERLANG } from './erlang.js'
import { createGrammar } from './grammar.js'
import { fileInterpreter, type Interpreter, titledInterpreter } from './interpreter.js'
import { JAVA } from './java.js'
import { javascriptRunner } from './javascript-runner.js'
import { NODE } from './node.js'
import { pythonInterpreter } from './python.js'
import { RUBY } from './ruby.js'
import { shellInterpreter } from './shell.js'

/** perl(1): `-l` and `-0` have digits after them, which are no options either. */
const PERL = createGrammar({ text: '-e -E', value: '-I', attached: '-i -M -m -x -F -C -D -d -V' }, true)
/** php(1). PHP-FPM is no interpreter of one program: its pools are one service. */
const PHP = createGrammar(
  {
    text: '-r --run -B --process-begin -R --process-code -E --process-end',
    program: '-f --file -F --process-file',
    value: '-c --php-ini -d --define -z --zend-extension -S --server -t --docroot',
  },
  true,
)
/** lua(1), luajit(1): text is run before the script. */
const LUA = createGrammar({ text: '-b', value: '-e -l -j', attached: '-O' }, true)
/** guile(1). */
const GUILE = createGrammar(
  { text: '-c', program: '-s', value: '-l -L -C -x -e --language --use-srfi' },
  false,
)
/** tclsh(1), wish(1). */
const TCL = createGrammar({ value: '-encoding -display -geometry -name -colormap -visual -use' }, false)
/** Rscript(1) becomes R, with `--file`. */
const R = createGrammar({ text: '-e --args', program: '-f --file', value: '-g --gui -d --debugger' }, false)
/** https://docs.julialang.org/en/v1/manual/command-line-interface. */
const JULIA = createGrammar(
  {
    text: '-e --eval -E --print',
    value:
      '-L --load -p --procs -t --threads -J --sysimage -C --cpu-target -H --home --machine-file --project ' +
      '--gcthreads',
    attached: '-O -g',
  },
  true,
)
/** mono(1). */
const MONO = createGrammar({ value: '--config' }, false)
/** https://docs.deno.com/runtime/reference/cli/run. */
const DENO = createGrammar(
  {
    value:
      '-c --config --import-map -L --log-level --location --cert --seed --port --host --preload --import',
  },
  false,
)
/** https://bun.sh/docs/cli/run. */
const BUN = createGrammar(
  {
    text: '-e --eval -p --print',
    value: '-r --preload --require --import --cwd --conditions -d --define -l --loader',
  },
  false,
)

/** All that are known. */
export const INTERPRETERS: readonly Interpreter[] = [
  pythonInterpreter('python', /^python(?:\d(?:\.\d+)?t?(?:d|-dbg)?)?$/),
  pythonInterpreter('pypy', /^pypy(?:\d(?:\.\d+)?)?(?:-c)?$/),
  JAVA,
  NODE,
  RUBY,
  titledInterpreter('perl', /^perl(?:5[\d.]*)?(?:-[\w-]+)?$/, PERL),
  titledInterpreter('php', /^php(?:\d(?:\.\d+)?)?$/, PHP),
  shellInterpreter('sh', /^(?:da)?sh$/),
  shellInterpreter('bash', /^bash$/),
  shellInterpreter('zsh', /^zsh(?:-?\d.*)?$/),
  shellInterpreter('ksh', /^m?ksh(?:93|2020)?$/),
  shellInterpreter('fish', /^fish$/),
  BUSYBOX,
  DOTNET,
  fileInterpreter('mono', /^mono(?:-sgen\d*)?$/, MONO),
  javascriptRunner('deno', /^deno$/, DENO, new Set(['run', 'serve'])),
  javascriptRunner('bun', /^bun$/, BUN, new Set(['run'])),
  ERLANG,
  fileInterpreter('lua', /^(?:lua|luajit)(?:-?\d.*)?$/, LUA),
  fileInterpreter('guile', /^guile(?:-?\d.*)?$/, GUILE),
  fileInterpreter('tcl', /^(?:tclsh|wish)(?:\d.*)?$/, TCL),
  fileInterpreter('R', /^R$/, R),
  fileInterpreter('julia', /^julia$/, JULIA),
]
