import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { check } from '../../src/api/schema.js'
import { QUESTION } from '../../src/api/what-if.js'
import { parseDuration } from '../../src/config/duration.js'
import { parseConfig } from '../../src/config/parse-config.js'
import { parseStates } from '../../src/deploys/state-file.js'
import { openHostFile } from '../../src/foreign/open-file.js'
import { createRefusals } from '../../src/foreign/refusal.js'
import { negotiateFormat } from '../../src/http/accept.js'
import { whatRuns } from '../../src/interpreters/what-runs.js'
import { createBpftraceFrames } from '../../src/parse/bpftrace-frames.js'
import { identifyCgroup, parseProcCgroup } from '../../src/parse/cgroup.js'
import { parseCpuList } from '../../src/parse/cpu-list.js'
import { demangle } from '../../src/parse/demangle.js'
import { scanFrameDescriptions } from '../../src/parse/eh-frame.js'
import { parseDebugLink, type Section, SHT_DYNSYM, SHT_SYMTAB } from '../../src/parse/elf.js'
import { findObjects, parseSymbols } from '../../src/parse/elf-symbols.js'
import { createLineSplitter } from '../../src/parse/line-splitter.js'
import { parseMountinfo } from '../../src/parse/mountinfo.js'
import { parseProcMaps } from '../../src/parse/proc-maps.js'
import { parseProcPidStat } from '../../src/parse/proc-pid-stat.js'
import { parseProcSchedstat } from '../../src/parse/proc-schedstat.js'
import { parseProcStat } from '../../src/parse/proc-stat.js'
import { createSystemtapFrames } from '../../src/parse/systemtap-frames.js'
import { unwindRowAt } from '../../src/parse/unwind-row.js'
import { labelText } from '../../src/process/label-text.js'
import { findGils } from '../../src/runtimes/cpython/find-gils.js'
import { recogniseRuntimes } from '../../src/runtimes/recognise.js'
import { NO_MARKS } from '../../src/runtimes/runtime.js'
import { type ElfFile, toElfFile } from '../../src/symbolize/elf-file.js'
import { isLockWrapper } from '../../src/symbolize/lock-wrapper.js'
import { capturedPython } from '../runtimes/cpython/captured-python.js'
import { createImage } from '../runtimes/memory-image.js'
import { deployedOnce } from '../support/deployed-once.js'
import type { Subject } from './campaign.js'
import { WEB_SERVER } from './web-server.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const file = (path: string) => readFileSync(path.startsWith('/') ? path : join(ROOT, path))
const files =
  (...paths: readonly string[]) =>
  () =>
    paths.map(file)
const texts =
  (...all: readonly string[]) =>
  () =>
    all.map((text) => Buffer.from(text))

/** A subject that takes text. */
const ofText = (name: string, seeds: Subject['seeds'], feed: (text: string) => void): Subject => ({
  name,
  seeds,
  feed: (input) => feed(input.toString('utf8')),
})

/** Many values in one text, a line each: real inputs are short. */
const ofLines = (name: string, seeds: Subject['seeds'], feed: (line: string) => void): Subject =>
  ofText(name, seeds, (text) => {
    for (const line of text.split('\n')) feed(line)
  })

const MANGLED = [
  '_ZNSt6vectorIiSaIiEE9push_backERKi',
  '_ZN5boost4asio6detail9schedulerD2Ev',
  '_ZNKSt8functionIFvRKN4http7requestEEEclES3_',
  '_ZN4core3ptr85drop_in_place$LT$std..rt..lang_start$LT$$LP$$RP$$GT$..$u7b$$u7b$closure$u7d$$u7d$$GT$17h0123456789abcdefE',
  '_ZZN3foo3barEvENKUlT_E_clIiEEDaS0_',
]

const ARGUMENTS = [
  'python3\0-uBW\0ignore\0-m\0gunicorn\0-w4\0shop.wsgi:app',
  'java\0-cp\0a.jar:b.jar\0@args\0-Dx=y\0org.shop.Main',
  'java\0-jar\0/srv/shop-1.4.2-SNAPSHOT.jar',
  'node\0-r\0dotenv/config\0--import=tsx\0/srv/index.js',
  'bash\0-euo\0pipefail\0+x\0--\0backup.sh',
  'busybox\0sh\0-c\0x',
  'beam.smp\0--\0-s\0elixir\0-sname\0shop@a\0-extra\0x',
  'gunicorn: worker [shop.wsgi]\0\0\0',
]

export const SUBJECTS: readonly Subject[] = [
  ofTrace('bpftrace', ['0.17.0', '0.23.2', '0.27.0'], () => createBpftraceFrames(16_384)),
  ofTrace('systemtap', ['4.8', '5.1', '5.6'], createSystemtapFrames),
  ofText('/proc/stat', files('/proc/stat'), parseProcStat),
  ofText('/proc/PID/stat', files('/proc/self/stat', '/proc/1/stat'), parseProcPidStat),
  ofText('/proc/PID/schedstat', texts('12345 678 9\n', '0 0 0\n'), parseProcSchedstat),
  ofText('/proc/PID/maps', files('/proc/self/maps'), (text) => {
    recogniseRuntimes(
      parseProcMaps(text).map(({ path }) => path),
      NO_MARKS,
    )
  }),
  ofText('/proc/PID/mountinfo', files('/proc/self/mountinfo'), parseMountinfo),
  ofText('/proc/PID/cgroup', files('test/fixtures/cgroup-paths.txt', '/proc/self/cgroup'), (text) => {
    identifyCgroup(parseProcCgroup(text))
  }),
  ofText('CPU list', texts('0-3,8,10-11\n', '0\n'), parseCpuList),
  ofLines('command name', texts('nginx: worker\nshopd\nkworker/0:1', 'a\u0000b\nc\u001bd'), (line) => {
    const label = labelText(line)
    if (/[\p{Cc}\p{Cs}]/u.test(label)) throw new Error(`a control character in ${JSON.stringify(label)}`)
  }),
  ofText('/proc/PID/cmdline', texts(...ARGUMENTS), (text) => {
    for (const file of ['python3.11', 'java', 'node', 'ruby', 'perl', 'php', 'bash', 'busybox', 'beam.smp']) {
      const found = whatRuns(file, text.split('\0'))?.text ?? 'none'
      if (!/^[^\p{Cc}\p{Cs}]{1,200}$/u.test(found)) throw new Error(`a name ${JSON.stringify(found)}`)
    }
  }),
  ofLines('mangled name', texts(MANGLED.join('\n'), ...MANGLED), (line) => {
    if (demangle(line).length > 1e6) throw new Error('a name of more than 1 MB')
  }),
  ofLines('function name', texts('std::lock_guard<std::mutex>::lock()\npthread_mutex_lock'), isLockWrapper),
  {
    name: 'ELF file',
    seeds: () => [file('/bin/true'), smallProgram()],
    feed: feedElf,
  },
  memoryOf('3.11'),
  memoryOf('3.14'),
  ofText('configuration', configurations, (text) => {
    const parsed = parseConfig(text, 'c.yml')
    if (parsed.ok) return
    if (parsed.errors.length === 0) throw new Error('refused without a word')
    for (const { message } of parsed.errors) {
      if (/call stack|undefined|\[object/.test(message)) throw new Error(`says ${message}`)
    }
  }),
  ofLines('duration', texts('1s\n500ms\n1h30m\n7d'), (line) => {
    const seconds = parseDuration(line)
    if (seconds !== undefined && !(seconds >= 0 && Number.isFinite(seconds))) throw new Error(`${seconds} s`)
  }),
  ofText('state file', states, (text) => {
    try {
      parseStates(text, 'deploys.json')
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('deploys.json'))) throw error
    }
  }),
  ofLines(
    'Accept',
    texts('application/openmetrics-text;version=1.0.0;q=0.75,text/plain;q=0.5,*/*;q=0.1'),
    (line) => {
      negotiateFormat(line)
    },
  ),
  ofText('what-if question', texts('{"cpus":"8","clients":"20","lockHold":"0.5"}'), (text) => {
    let data: unknown
    try {
      data = JSON.parse(text)
    } catch {
      return // the web server refuses it
    }
    check(QUESTION, data, 'query')
  }),
  WEB_SERVER,
]

/** What is read of the memory of a Python: other bytes at the same places. */
function memoryOf(version: string): Subject {
  const { image, python } = capturedPython(version)
  const addresses = image.addresses()
  return {
    name: `memory of CPython ${version}`,
    seeds: () => [Buffer.from(addresses.flatMap((address) => [...(image.read(address, 1) ?? [])]))],
    feed(input) {
      const changed = createImage()
      for (const [i, address] of addresses.slice(0, input.length).entries()) {
        changed.setBytes(address, input.subarray(i, i + 1))
      }
      findGils(python, changed.read)
    },
  }
}

/** The examples of the README. */
function configurations(): readonly Buffer[] {
  const blocks = file('README.md')
    .toString()
    .matchAll(/^```yaml\n(.*?)^```$/gms)
  return [...blocks].map(([, block = '']) => Buffer.from(block))
}

function states(): readonly Buffer[] {
  return [Buffer.from(JSON.stringify({ format: 1, targets: { shop: deployedOnce() } }))]
}

/** Tracers print lines: they come in pieces as the pipe gives them. */
function ofTrace(
  name: string,
  versions: readonly string[],
  createFrames: () => { push(line: string): unknown },
): Subject {
  return {
    name: `output of ${name}`,
    seeds: files(...versions.map((version) => `test/fixtures/${name}-${version}.txt`)),
    feed(input) {
      const splitter = createLineSplitter(1024)
      const frames = createFrames()
      for (let at = 0; at < input.length; at += 4096) {
        for (const line of splitter.push(input.toString('utf8', at, at + 4096))) frames.push(line)
      }
    },
  }
}

let folder: string | undefined

function scratch(name: string): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'amdahl-fuzz-'))
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
    folder = made
  }
  return join(folder, name)
}

/** One with symbols: those of Debian's archive are stripped. */
function smallProgram(): Buffer {
  const source = scratch('small.c')
  writeFileSync(
    source,
    'static int lock; int used(int a) { return a + lock; } int main(void) { return used(0); }\n',
  )
  execFileSync('gcc', ['-g', '-o', scratch('small'), source])
  return readFileSync(scratch('small'))
}

function feedElf(input: Buffer): void {
  const path = scratch('input')
  writeFileSync(path, input)
  const elf = toElfFile(openHostFile(path, createRefusals()))
  if (!elf) return
  try {
    elf.sectionNames()
    feedSections(elf)
    elf.readMemory(0x1000, 4096)
  } finally {
    elf.close()
  }
}

/** Bytes of a section that are looked at: the store of symbols has its own limits. */
const MAX_SECTION_BYTES = 1024 * 1024

function feedSections(elf: ElfFile): void {
  const sections = elf.sections()
  const bytesOf = ({ offset, sizeBytes }: Section) => elf.read(offset, Math.min(sizeBytes, MAX_SECTION_BYTES))
  for (const section of sections) {
    const strings = sections[section.link]
    if ((section.type === SHT_SYMTAB || section.type === SHT_DYNSYM) && strings) {
      parseSymbols(bytesOf(section), bytesOf(strings))
      findObjects(bytesOf(section), bytesOf(strings), ['lock', 'used'])
    }
  }
  const link = elf.findSection('.gnu_debuglink')
  if (link) parseDebugLink(bytesOf(link))
  const frames = elf.findSection('.eh_frame')
  if (!frames) return
  const description = scanFrameDescriptions(bytesOf(frames), frames.address, 0x1139)
  if (description) unwindRowAt(description, 0x1139)
}
