import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHostFile } from '../../src/foreign/open-file.js'
import { createRefusals } from '../../src/foreign/refusal.js'
import { recogniseRuntimes } from '../../src/runtimes/recognise.js'
import { isRuntimeFile } from '../../src/runtimes/runtime-table.js'
import { readElfFacts } from '../../src/symbolize/elf-facts.js'
import { needs } from '../e2e/support/requirements.js'

const folder = mkdtempSync(join(tmpdir(), 'amdahl-runtimes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const C = 'int main(void) { return 0; }\n'
const RUST = `
use std::sync::Mutex;
static LOCK: Mutex<u32> = Mutex::new(0);
fn main() { println!("{}", LOCK.lock().unwrap()); }
`

function build(name: string, source: string, compiler: string, ...flags: readonly string[]): string {
  const file = join(folder, `${name}.${compiler === 'rustc' ? 'rs' : 'c'}`)
  writeFileSync(file, source)
  const program = join(folder, name)
  execFileSync(compiler, ['-O', ...flags, '-o', program, file])
  return program
}

/** What a process of this program would run on: the libraries are those that the loader would look for. */
function runtimesOf(program: string): readonly string[] {
  const { marks } = readElfFacts(openHostFile(program, createRefusals()))
  const files = marks.interpreter === undefined ? [] : librariesOf(program)
  return recogniseRuntimes([program, ...files].filter(isRuntimeFile), marks).map(({ name, version }) =>
    version === undefined || name !== 'rust' ? name : `${name} ${version}`,
  )
}

function librariesOf(program: string): readonly string[] {
  const text = execFileSync('sh', ['-c', 'ldd "$1" || :', 'sh', program], { encoding: 'utf8' })
  return [...text.matchAll(/^\s+(\S+)/gm)].flatMap(([, name]) => name ?? [])
}

describe.skipIf(!needs('gcc', 'strip'))('a program of C', () => {
  test.each([
    ['dynamic', []],
    ['static', ['-static']],
    ['static, to be loaded anywhere', ['-static-pie']],
    ['static and stripped', ['-static', '-s']],
    ['without what the compiler says of itself', ['-static', '-s', '-fno-ident']],
  ])('that is %s uses glibc', (name, flags) => {
    expect(runtimesOf(build(`c-${name.replaceAll(/\W/g, '')}`, C, 'gcc', ...flags))).toEqual(['glibc'])
  })

  test('without a C library uses none that is known', () => {
    const source = 'void _start(void) { __asm__("mov $60, %eax; xor %edi, %edi; syscall"); }\n'
    expect(runtimesOf(build('bare', source, 'gcc', '-nostdlib', '-static'))).toEqual(['unknown'])
  })
})

describe.skipIf(!needs('musl-gcc'))('a program of C for musl', () => {
  test.each([
    ['dynamic', []],
    ['dynamic and stripped', ['-s']],
    ['static', ['-static']],
    ['static and stripped', ['-static', '-s']],
  ])('that is %s uses musl', (name, flags) => {
    expect(runtimesOf(build(`musl-${name.replaceAll(/\W/g, '')}`, C, 'musl-gcc', ...flags))).toEqual(['musl'])
  })
})

describe.skipIf(!needs('rustc', 'strip'))('a program of Rust', () => {
  let version: string
  beforeAll(() => {
    version = /^rustc (\S+)/.exec(execFileSync('rustc', ['--version'], { encoding: 'utf8' }))?.[1] ?? ''
  })

  test.each([
    ['dynamic', []],
    ['stripped', ['-C', 'strip=symbols']],
    ['static and stripped', ['-C', 'target-feature=+crt-static', '-C', 'strip=symbols']],
  ])('that is %s uses Rust of its compiler, and glibc', (name, flags) => {
    const program = build(`rust-${name.replaceAll(/\W/g, '')}`, RUST, 'rustc', ...flags)
    expect(runtimesOf(program)).toEqual([`rust ${version}`, 'glibc'])
  })

  test('that is linked with the library of Rust is known by that', () => {
    const program = build('rust-shared', RUST, 'rustc', '-C', 'prefer-dynamic', '-C', 'strip=symbols')
    execFileSync('strip', ['--remove-section=.comment', program])
    expect(runtimesOf(program)).toEqual(['rust', 'glibc'])
  })

  test('of which the compiler says nothing is known by the messages of its library', () => {
    const program = build('rust-silent', RUST, 'rustc', '-C', 'strip=symbols')
    execFileSync('strip', ['--remove-section=.comment', program])
    // Debian's compiler writes its version into the paths as well.
    expect(runtimesOf(program)).toEqual([expect.stringMatching(/^rust(?: 1\.\d+\.\d+)?$/), 'glibc'])
  })
})

// Debian writes the version of its compiler into the paths of the library.
describe('a program of a distribution', () => {
  const inRust = ['/usr/bin/rg', '/usr/bin/fdfind', '/usr/bin/batcat', '/usr/bin/exa', '/usr/bin/hyperfine']

  test.each(inRust.filter(existsSync))('%s uses Rust, and glibc', (program) => {
    expect(runtimesOf(program)).toEqual([expect.stringMatching(/^rust 1\.\d+\.\d+$/), 'glibc'])
  })

  test('in C uses glibc', () => expect(runtimesOf('/bin/ls')).toEqual(['glibc']))
})
