import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { arch, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readMachineDescription } from '../../src/sample/machine-description.js'

test('the machine is described by its files', async () => {
  const rootfs = mkdtempSync(join(tmpdir(), 'amdahl-rootfs-'))
  mkdirSync(join(rootfs, 'usr/lib'), { recursive: true })
  writeFileSync(join(rootfs, 'usr/lib/os-release'), 'ID=x\nPRETTY_NAME="Some Linux 1.2"\n')
  expect(await readMachineDescription(rootfs)).toMatchObject({
    distribution: 'Some Linux 1.2',
    kernel: release(),
    arch: arch(),
    cpuModel: expect.any(String),
    memoryBytes: totalmem(),
  })
  rmSync(rootfs, { recursive: true })
  expect((await readMachineDescription('/nowhere')).distribution).toBe('Linux')
})

test('without starting a process', () => {
  const script = `
    const childProcess = require('node:child_process')
    for (const name of Object.keys(childProcess)) {
      if (/^(exec|spawn|fork)/.test(name)) childProcess[name] = () => { throw new Error(name) }
    }
    require('systeminformation').mem().then(({ total }) => console.log(total))`
  expect(Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }))).toBe(totalmem())
})
