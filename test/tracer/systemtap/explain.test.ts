import { describe, expect, test } from 'vitest'
import { explainBuild, explainLoad } from '../../../src/tracer/systemtap/explain.js'

/** What SystemTap itself said, shortened to the lines around the cause. */
describe('why a module was not built', () => {
  test.each([
    [
      'no headers (5.6)',
      'Checking "/lib/modules/9.9.9-none/build/.config" failed with error: No such file or directory\n' +
        'Tip: /usr/share/doc/systemtap/README.Debian should help you get started.\n',
      'the headers of kernel 9.9.9 are not installed: install them (Debian: apt-get install linux-headers-9.9.9)',
    ],
    [
      'no symbols (5.6)',
      'WARNING: Kernel function symbol table missing [man warning::symbols]\n' +
        "semantic error: while resolving probe point: identifier 'kprobe' at <input>:1:7\n" +
        'semantic error: no match\n\nPass 2: analysis failed.  [man error::pass2]\n',
      'there is no symbol table of kernel 9.9.9: copy /proc/kallsyms, read by root on a machine that runs it with kernel.kptr_restrict below 2, ' +
        'to /boot/System.map-9.9.9',
    ],
    [
      'a kernel that is too new (4.4 on 5.10)',
      'ERROR: modpost: "module_mutex" [/tmp/stapGPiB5V/amdahl_futex.ko] undefined!\n' +
        'make: *** [/usr/src/linux-headers-5.10.0-32-common/Makefile:192: __sub-make] Error 2\n' +
        'WARNING: kbuild exited with status: 2\nPass 4: compilation failed.  [man error::pass4]\n',
      'this SystemTap does not fit kernel 9.9.9 (ERROR: modpost: "module_mutex" [/tmp/stapGPiB5V/amdahl_futex.ko] ' +
        'undefined!): use a SystemTap that is newer than the kernel (README, "Which SystemTap on which kernel"), or ' +
        '--tracer.backend=bpftrace',
    ],
    [
      'a full disk (5.6)',
      'fatal error: error writing to /mnt/ccX.s: No space left on device\nPass 4: compilation failed.  [man error::pass4]\n',
      'there is no space left in the folder for temporary files: free 100 MB there, or set TMPDIR',
    ],
    ['anything else', 'something\nERROR: out of luck\nTip: read\n', 'stap: ERROR: out of luck'],
    ['nothing', '', 'stap: no message'],
  ])('%s', (_, stderr, sentence) => {
    expect(explainBuild(stderr, '9.9.9')).toBe(sentence)
  })
})

describe('why a module was not loaded', () => {
  const couldNot = (reason: string) => `ERROR: Couldn't insert module '/root/amdahl_futex.ko': ${reason}\n`
  test.each([
    [couldNot('File exists'), /in use by another exporter on this machine/],
    [couldNot('Operation not permitted'), /lockdown by Secure Boot, or no CAP_SYS_MODULE.*run as root/],
    [couldNot('Key was rejected by service'), /signed modules only \(Secure Boot\): sign the module/],
    [couldNot('Invalid module format'), /built for another kernel: build it for this one/],
    [
      "ERROR: Can't resolve uprobe_unregister!\n",
      /too old for this kernel \(uprobe_unregister is not there any more\)/,
    ],
    [couldNot('Unknown symbol in module'), /too old for this kernel \(a symbol is not there any more\)/],
    [
      'ERROR: Members of the "stapusr" and "stapsys" groups can only use unsigned modules within\n',
      /may not load modules for this user: run the exporter as root/,
    ],
    ['ERROR: probe overhead (250123456 cycles) exceeded threshold (250000000 cycles)', /too many lock waits/],
    ['WARNING: Number of errors: 0, skipped probes: 1\n', /^staprun: WARNING: Number of errors: 0, skipped/],
    ['', /ended without a message/],
  ])('%j', (stderr, sentence) => {
    expect(explainLoad(stderr)).toMatch(sentence)
    expect(explainLoad(stderr)).not.toContain('\n')
  })
})
