import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { INTERPRETERS } from '../../src/interpreters/interpreter-table.js'
import { isInterpreter, whatRuns } from '../../src/interpreters/what-runs.js'

/** What a process runs whose executable has this name. */
function run(executable: string, ...argv: readonly string[]): string | undefined {
  const found = whatRuns(executable, argv)
  return found && `${found.interpreter}: ${found.text}`
}

/** The same by a line with spaces between the arguments, of which the first one is how it was called. */
const runLine = (executable: string, line: string) => run(executable, ...line.split(' '))

describe('what an interpreter runs', () => {
  test.each([
    ['python3.11', 'python3 manage.py runserver', 'python: manage.py'],
    ['python3.11', '/srv/venv/bin/python3 /srv/shop/manage.py', 'python: manage.py'],
    ['python3.11', 'python3 -uB -W ignore -X dev -Wonce shop.py', 'python: shop.py'],
    ['python3.13t', 'python3 --check-hash-based-pycs always shop.py', 'python: shop.py'],
    ['python2.7', 'python -Q new shop.py', 'python: shop.py'],
    ['python3.11', 'python3 -m http.server 80', 'python: http.server'],
    ['python3.11', 'python3 -uBmshop.tasks', 'python: shop.tasks'],
    ['python3.11', 'python3 -m shop.__main__', 'python: shop'],
    ['python3.11', 'python3 /srv/shop/', 'python: shop'],
    ['python3.11', 'python3 /srv/shop/__main__.py', 'python: shop/__main__.py'],
    ['python3.11', 'python3 -- -odd.py', 'python: -odd.py'],
    ['pypy3.10-c', 'pypy3 shop.py', 'pypy: shop.py'],
    ['python3.11', 'python3 -c print(1) shop.py', undefined],
    ['python3.11', 'python3 -Ic print(1)', undefined],
    ['python3.11', 'python3 - shop.py', undefined],
    ['python3.11', 'python3 -m', undefined],
    ['python3.11', 'python3 .', undefined],
    ['python3.11', 'python3', undefined],
  ])('CPython %s: %s', (file, line, expected) => expect(runLine(file, line)).toBe(expected))

  test.each([
    ['/usr/bin/gunicorn -w 4 -b :8000 shop.wsgi', 'python: gunicorn shop.wsgi'],
    ['/usr/bin/gunicorn --daemon shop.wsgi:application', 'python: gunicorn shop.wsgi'],
    ['/usr/bin/gunicorn shop:create_app() -k gevent', 'python: gunicorn shop'],
    ['-m gunicorn -c conf.py shop.wsgi', 'python: gunicorn shop.wsgi'],
    ['/usr/bin/gunicorn --paste production.ini', 'python: gunicorn'],
    ['/usr/bin/gunicorn -b localhost:8000', 'python: gunicorn'],
    ['/srv/bin/uvicorn --host 0.0.0.0 --factory shop.main:app', 'python: uvicorn shop.main'],
    ['/usr/bin/celery -A shop worker', 'python: celery'],
  ])('of servers of applications with the application: %s', (line, expected) =>
    expect(runLine('python3.11', `python3 ${line}`)).toBe(expected),
  )

  test.each([
    [
      'java -Xmx1g -cp /a.jar:/b.jar org.apache.kafka.Kafka server.properties',
      'java: org.apache.kafka.Kafka',
    ],
    ['java -classpath a --module-path b --add-opens x Main -jar no.jar', 'java: Main'],
    ['java --class-path=a -Dx=y -server shop/Main', 'java: shop.Main'],
    ['java -jar /srv/app.jar --port 80', 'java: app.jar'],
    ['java -jar /srv/shop-api-1.4.2-SNAPSHOT.jar', 'java: shop-api.jar'],
    ['java -jar /srv/log4j-2.jar', 'java: log4j-2.jar'],
    ['java -m org.shop/org.shop.Main', 'java: org.shop.Main'],
    ['java --module=org.shop', 'java: org.shop'],
    ['java --source 21 /srv/Main.java', 'java: Main.java'],
    ['java @/tmp/cp.args org.shop.Main', 'java: org.shop.Main'],
    ['java @/tmp/all.args', undefined],
    ['java @/tmp/all.args start', undefined],
    ['java -version', undefined],
    ['java -cp', undefined],
    ['java -jar', undefined],
  ])('Java: %s', (line, expected) => expect(runLine('java', line)).toBe(expected))

  test.each([
    ['node server.js', 'node: server.js'],
    ['node /srv/shop/index.js', 'node: shop/index.js'],
    ['node /srv/shop', 'node: shop'],
    ['node --max-old-space-size=512 -r dotenv/config --import tsx --no-warnings app.mjs', 'node: app.mjs'],
    ['node --inspect=0.0.0.0 --env-file .env -C dev --enable-source-maps app.js', 'node: app.js'],
    ['node inspect --port=1 app.js', 'node: app.js'],
    ['node -- app.js', 'node: app.js'],
    ['node ../index.js', 'node: index.js'],
    ['node .', undefined],
    ['node -e 1 app.js', undefined],
    ['node --eval=1', undefined],
    ['node -p 1', undefined],
    ['node', undefined],
  ])('Node.js: %s', (line, expected) => expect(runLine('node', line)).toBe(expected))

  test.each([
    ['ruby3.1', 'ruby -w -Ilib -r json -C /srv shop.rb', 'ruby: shop.rb'],
    ['ruby3.1', 'ruby -W:no-deprecated -S puma -C puma.rb', 'ruby: puma'],
    ['ruby3.1', 'ruby /usr/bin/bundle exec puma -C puma.rb', 'ruby: puma'],
    ['ruby3.1', 'ruby /usr/bin/bundle install', 'ruby: bundle'],
    ['ruby3.1', 'ruby -ne print', undefined],
    ['perl', '/usr/bin/perl -T -w /usr/sbin/spamd', 'perl: spamd'],
    ['perl', 'perl -Mstrict -I lib -CSDA -i.bak shop.pl', 'perl: shop.pl'],
    ['perl5.36-x86_64-linux-gnu', 'perl shop.pl', 'perl: shop.pl'],
    ['perl', 'perl -lane print', undefined],
    ['perl', 'perl -l012ne print', undefined],
    ['php8.2', 'php -d memory_limit=1G artisan queue:work', 'php: artisan'],
    ['php8.2', 'php -f /srv/shop.php', 'php: shop.php'],
    ['php8.2', 'php -S localhost:80 -t public router.php', 'php: router.php'],
    ['php8.2', 'php -S localhost:80 -t public', undefined],
    ['php8.2', 'php -r 1', undefined],
    ['php-fpm8.2', 'php-fpm: pool shop', undefined],
    ['php-cgi8.2', 'php-cgi shop.php', undefined],
  ])('%s: %s', (file, line, expected) => expect(runLine(file, line)).toBe(expected))

  test.each([
    ['dash', '/bin/sh /srv/backup.sh', 'sh: backup.sh'],
    ['bash', 'bash -euo pipefail +x backup.sh daily', 'bash: backup.sh'],
    ['bash', 'bash --norc --rcfile x -O extglob backup.sh', 'bash: backup.sh'],
    ['bash', 'bash - backup.sh', 'bash: backup.sh'],
    ['bash', 'bash -c backup.sh', undefined],
    ['dash', 'sh -ec backup.sh', undefined],
    ['bash', 'bash -s backup.sh', undefined],
    ['bash', 'bash /dev/fd/63', undefined],
    ['bash', '-bash', undefined],
    ['zsh', 'zsh backup.sh', 'zsh: backup.sh'],
    ['ksh93', 'ksh backup.sh', 'ksh: backup.sh'],
    ['busybox', 'sh /srv/backup.sh', 'busybox: backup.sh'],
    ['busybox', 'busybox httpd -f', 'busybox: httpd'],
    ['busybox', '-ash', 'busybox: ash'],
    ['busybox', 'busybox', undefined],
  ])('a shell, %s: %s', (file, line, expected) => expect(runLine(file, line)).toBe(expected))

  test.each([
    ['dotnet', 'dotnet /srv/Shop.dll --urls x', 'dotnet: Shop.dll'],
    ['dotnet', 'dotnet exec --depsfile a --runtimeconfig b Shop.dll', 'dotnet: Shop.dll'],
    ['dotnet', 'dotnet run --project x.dll', undefined],
    ['mono-sgen', 'mono --config c --server shop.exe', 'mono: shop.exe'],
    ['deno', 'deno run --allow-net -c deno.json https://x.org/server.ts', 'deno: server.ts'],
    ['deno', 'deno server.ts', 'deno: server.ts'],
    ['deno', 'deno task dev', undefined],
    ['bun', 'bun run dev', 'bun: dev'],
    ['bun', 'bun --watch ./server.ts', 'bun: server.ts'],
    ['bun', 'bun install', undefined],
    ['beam.smp', 'beam.smp -W w -- -root /x -noshell -s rabbit boot -sname rabbit@a', 'erlang: rabbit'],
    ['beam.smp', 'beam.smp -- -s elixir start_cli -sname shop@a -extra --name no', 'erlang: shop'],
    ['beam.smp', 'beam.smp -- -run escript start -extra /srv/tool a', 'erlang: tool'],
    ['beam.smp', 'beam.smp -- -root /x', undefined],
    ['lua5.4', 'lua -e x=1 -l json -i shop.lua', 'lua: shop.lua'],
    ['luajit', 'luajit -O3 -jv shop.lua', 'lua: shop.lua'],
    ['guile-3.0', 'guile -L . -e main -s shop.scm', 'guile: shop.scm'],
    ['tclsh8.6', 'tclsh -encoding utf-8 shop.tcl', 'tcl: shop.tcl'],
    ['R', 'R --no-echo --no-restore --file=shop.R --args a', 'R: shop.R'],
    ['R', 'R --no-save --args a', undefined],
    ['julia', 'julia -t 4 -O3 --project=. shop.jl', 'julia: shop.jl'],
  ])('%s: %s', (file, line, expected) => expect(runLine(file, line)).toBe(expected))

  test.each(['shopd', 'python3-config', 'nodename', 'javac', 'sh.bin', ''])(
    'is not told of %j, which is none',
    (file) => {
      expect(isInterpreter(file)).toBe(false)
      expect(run(file, 'python3', 'shop.py')).toBeUndefined()
    },
  )
})

describe('a program that has written over its arguments', () => {
  test.each([
    ['python3.11', 'gunicorn: master [shop.wsgi:application]', 'python: gunicorn shop.wsgi'],
    ['python3.11', 'gunicorn: worker [shop]', 'python: gunicorn shop'],
    ['python3.11', '[celeryd: celery@host:MainProcess] -active-', 'python: celeryd'],
    ['ruby3.1', 'puma 6.0 (tcp://0.0.0.0:3000) [shop]', 'ruby: puma'],
    ['ruby3.1', 'unicorn master -c /srv/unicorn.rb', 'ruby: unicorn'],
    ['perl', '/usr/sbin/spamd --create-prefs', 'perl: spamd'],
    ['perl', 'spamd child', 'perl: spamd'],
    ['node', 'node /srv/server.js', 'node: server.js'],
    ['node', 'npm start', 'node: npm'],
    ['node', 'shop', 'node: shop'],
    ['node', '(odd)', undefined],
    ['java', 'shop: worker', undefined],
    ['bash', 'shop: worker', undefined],
  ])('in %s, %s', (file, title, expected) => expect(run(file, title)).toBe(expected))
})

describe('the name', () => {
  test('is printable and short', () => {
    expect(run('python3', 'python3', 'a\n\u202eb\u0000.py')).toBe('python: a\ufffd\ufffdb\ufffd.py')
    expect(run('python3', 'python3', '\ud83d')).toBe('python: \ufffd')
    expect(whatRuns('python3', ['python3', '\u{1f680}'.repeat(200)])?.text).toBe('\u{1f680}'.repeat(100))
    expect(run('python3', 'python3', ' ')).toBeUndefined()
  })

  test('is bounded and printable, whatever the arguments are', () => {
    const files = fc.constantFrom(
      'python3.11',
      'java',
      'node',
      'ruby',
      'perl',
      'php',
      'dash',
      'bash',
      'busybox',
      'dotnet',
      'deno',
      'bun',
      'beam.smp',
      'lua',
      'R',
    )
    const word = fc.constantFrom(
      '-',
      '--',
      '-c',
      '-m',
      '-jar',
      '-s',
      '@x',
      '+x',
      '/',
      '..',
      'run',
      'exec',
      '=',
      '',
    )
    const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('utf8'))
    const argv = fc.array(fc.oneof(word, bytes, fc.string({ unit: 'binary' })), { maxLength: 8 })
    fc.assert(
      fc.property(files, argv, (file, args) => {
        const text = whatRuns(file, args)?.text
        if (text === undefined) return
        expect(text).not.toBe('')
        expect([...text].length).toBeLessThanOrEqual(100)
        expect(text).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
      { numRuns: 2000 },
    )
  })

  test('begins with the one interpreter of each file', () => {
    const files = [
      'python3',
      'pypy3',
      'java',
      'node',
      'ruby',
      'perl',
      'php',
      'dash',
      'bash',
      'zsh',
      'ksh',
      'mksh',
    ]
    for (const file of [...files, 'fish', 'busybox', 'dotnet', 'mono', 'deno', 'bun', 'beam.smp', 'lua', 'R'])
      expect(INTERPRETERS.filter((one) => one.file.test(file)).length, file).toBe(1)
    expect(INTERPRETERS.filter(({ name }) => !/^[A-Za-z]+$/.test(name))).toEqual([])
  })
})

test('options of Node.js that have a value are known', () => {
  const help = execFileSync(process.execPath, ['--help'], { encoding: 'utf8' })
  const names = [...help.matchAll(/(--[a-z\d-]+)=(?:\.\.\.|\[)/g)].map(([, name = '']) => name)
  expect(names.length).toBeGreaterThan(30)
  // Those of the test runner and of evaluation have no script of their own.
  const without = names.filter((name) => !/^--(?:eval|test-)/.test(name))
  expect(without.filter((name) => run('node', 'node', name, 'value', 'app.js') !== 'node: app.js')).toEqual(
    [],
  )
})
