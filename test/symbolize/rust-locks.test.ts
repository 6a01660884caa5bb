import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createRefusals } from '../../src/foreign/refusal.js'
import { demangle } from '../../src/parse/demangle.js'
import { parseProcMaps } from '../../src/parse/proc-maps.js'
import type { UserStack } from '../../src/parse/trace-interval.js'
import { createProcessLocks } from '../../src/symbolize/process-locks.js'
import { isRustLibrary } from '../../src/symbolize/rust-library.js'
import { needs } from '../e2e/support/requirements.js'
import { collectWaits, folder, isRoot, run } from './waiting-process.js'

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The main thread holds each lock; each other thread waits for one, in its function. */
const SOURCE = `
use std::sync::{Arc, Mutex, RwLock};
use std::thread::spawn;

mod cart {
    use std::sync::Mutex;
    pub struct Cart(pub Mutex<u64>);
    impl Cart {
        #[inline(never)]
        pub fn add(&self, n: u64) -> u64 { let mut own = self.0.lock().unwrap(); *own += n; *own }
    }
}

static STOCK: Mutex<u64> = Mutex::new(0);

#[inline(never)]
fn take() -> u64 { let mut stock = STOCK.lock().unwrap(); *stock += 1; *stock }

#[inline(never)]
fn renew(session: &RwLock<u64>) -> u64 { let mut own = session.write().unwrap(); *own += 1; *own }

#[inline(never)]
fn put<T: Clone>(list: &Mutex<Vec<T>>, one: &T) -> usize { let mut own = list.lock().unwrap(); own.push(one.clone()); own.len() }

fn main() {
    let cart = Arc::new(cart::Cart(Mutex::new(0)));
    let session = Arc::new(RwLock::new(0));
    let list = Arc::new(Mutex::new(Vec::new()));
    let count = Arc::new(Mutex::new(0));
    let _held = (cart.0.lock(), STOCK.lock(), session.write(), list.lock(), count.lock());
    let (a, b, c, d) = (cart.clone(), session.clone(), list.clone(), count.clone());
    spawn(move || a.add(1));
    spawn(|| take());
    spawn(move || renew(&b));
    spawn(move || put(&c, &Some(String::new())));
    spawn(move || { *d.lock().unwrap() += 1; });
    println!("ready");
    std::thread::sleep(std::time::Duration::from_secs(60));
}
`

/** The library has frame pointers: the innermost is the first word that leads to a later one, before a return address. */
function withFramePointer(stack: UserStack, isCode: (address: bigint) => boolean): UserStack {
  const { sp, words } = stack
  const index = words.findIndex((word, i) => {
    const distance = word - (sp + BigInt(i) * 8n)
    return distance > 0n && distance < 4096n && isCode(words[i + 1] ?? 0n)
  })
  return { ...stack, bp: sp + BigInt(index) * 8n }
}

async function namesOf(program: string): Promise<readonly string[]> {
  const running = await run(program)
  try {
    const locks = createProcessLocks({ procfs: '/proc', rootfs: '/' }, createRefusals())
    const waits = await collectWaits(running.pid, 5)
    const code = parseProcMaps(readFileSync(`/proc/${running.pid}/maps`, 'utf8')).filter(
      ({ isExecutable }) => isExecutable,
    )
    const isCode = (address: bigint) => code.some(({ begin, end }) => address >= begin && address < end)
    const names = [...waits].map(([address, stacks]) =>
      locks.name(
        { pid: running.pid, address, stacks: stacks.map((stack) => withFramePointer(stack, isCode)) },
        0,
      ),
    )
    return names
      .map((name) => `${name?.kind} ${name?.name.replace(/(?<!stripped)\+0x[0-9a-f]+$/, '')}`)
      .sort()
  } finally {
    await running.stop()
  }
}

describe('a function of the library of Rust', () => {
  test.each([
    '_ZN3std4sync5mutex14Mutex$LT$T$GT$4lock17h0123456789abcdefE',
    '_ZN4core3ops8function6FnOnce9call_once17h0123456789abcdefE',
    '_ZN69_$LT$alloc..sync..Arc$LT$T$GT$$u20$as$u20$core..ops..drop..Drop$GT$4drop17h0123456789abcdefE',
    '_ZN37_$LT$T$u20$as$u20$core..any..Any$GT$7type_id17h0123456789abcdefE',
    '_ZN8lock_api5mutex18Mutex$LT$R$C$T$GT$4lock17h0123456789abcdefE',
    '_ZN11parking_lot9raw_mutex8RawMutex9lock_slow17h0123456789abcdefE',
    '_RNvMNtNtNtNtCsjrHSEGnQ3l9_3std3sys4sync5mutex5futexNtB2_5Mutex14lock_contended',
  ])('is %s', (mangled) => expect(isRustLibrary(mangled, demangle(mangled))).toBe(true))

  test.each([
    '_ZN3std5mutex4lockEv',
    '_ZNSt6vectorI5OrderE4pushEv',
    '_ZN4shop4cart3add17h0123456789abcdefE',
    '_ZN47_$LT$shop..Cart$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE',
    '_RNvMs_NtCs7J4DR2vEEI3_5locks4cartNtB4_4Cart3add',
    'pthread_mutex_lock',
  ])('is not %s', (mangled) => expect(isRustLibrary(mangled, demangle(mangled))).toBe(false))
})

describe.skipIf(!needs('rustc', 'strip') || !isRoot())('the locks of a program of Rust', () => {
  test('have the names of the functions that want them', async () => {
    const source = join(folder, 'shop.rs')
    writeFileSync(source, SOURCE)
    const program = join(folder, 'shop')
    execFileSync('rustc', ['-O', '-o', program, source])
    expect(await namesOf(program)).toEqual([
      'site shop::cart::Cart::add',
      'site shop::put',
      'site shop::renew',
      // The closure of a thread is a part of it.
      expect.stringMatching(/^site std::(?:\w+::)*__rust_begin_short_backtrace$/),
      'static shop::STOCK',
    ])
  })

  test('that is stripped have a place each, and not that of the library in it', async () => {
    const program = join(folder, 'shop-stripped')
    execFileSync('strip', ['-o', program, join(folder, 'shop')])
    const names = await namesOf(program)
    expect(names.filter((name) => name.startsWith('site'))).toHaveLength(4)
    for (const name of names) expect(name).toMatch(/^(?:site|static) shop-stripped\+0x[0-9a-f]+$/)
    expect(new Set(names).size).toBe(5)
  })
})
