import { expect, test } from 'vitest'
import { doctor } from '../../src/cli/doctor.js'
import { defaultConfig } from '../../src/config/config.js'
import type { Capability } from '../../src/parse/capabilities.js'
import { createBpftraceBackend } from '../../src/tracer/bpftrace.js'
import { createNoneBackend } from '../../src/tracer/none.js'

async function said(capabilities: readonly Capability[] | undefined): Promise<string> {
  let text = ''
  const privileges = { isRoot: true, capabilities: capabilities && new Set(capabilities) }
  const backends = [createBpftraceBackend(privileges), createNoneBackend(() => 0n)]
  const out = (part: string) => {
    text += part
  }
  const terminal = { out, err: () => {} }
  await doctor({ config: defaultConfig, backends, privileges, kernel: '6.1' }, terminal)
  return text
}

test('doctor says which capabilities are missing, and for what', async () => {
  const text = await said(['dac_read_search'])
  expect(text).toMatch(/^capabilities {2}no more than needed$/m)
  expect(text).toMatch(/^ {14}without sys_ptrace: programs, versions, runtimes/m)
  expect(text).not.toContain('without dac_read_search')
  expect(text).toMatch(
    /^bpftrace +cannot run: (?:bpftrace needs the capabilities .*: bpf, perfmon;|bpftrace is not)/m,
  )
})

test('doctor says how many are held and not needed', async () => {
  expect(await said(['sys_ptrace', 'dac_read_search', 'bpf', 'perfmon', 'sys_boot', 'chown'])).toMatch(
    /^capabilities {2}2 more than any part needs: start it with fewer/m,
  )
  expect(await said(undefined)).not.toContain('capabilities')
})
