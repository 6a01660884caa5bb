//! The locks of the crate parking_lot, for the jobs of rust.c.

use parking_lot::{const_mutex, const_rwlock, Condvar, Mutex, RwLock};
use std::ffi::c_void;
use std::thread;

static SHOP_MUTEX: Mutex<u64> = const_mutex(0);
static SHOP_RWLOCK: RwLock<u64> = const_rwlock(0);
static IDLE: Mutex<u64> = const_mutex(0);
static NEVER: Condvar = Condvar::new();

type Work = extern "C" fn(*mut c_void);

#[no_mangle]
pub extern "C" fn shop_with_mutex(work: Work, worker: *mut c_void) {
    let mut jobs = SHOP_MUTEX.lock();
    *jobs += 1;
    work(worker);
}

#[no_mangle]
pub extern "C" fn shop_with_write_lock(work: Work, worker: *mut c_void) {
    let mut jobs = SHOP_RWLOCK.write();
    *jobs += 1;
    work(worker);
}

#[no_mangle]
pub extern "C" fn shop_idle_pool(threads: u32) {
    for _ in 0..threads {
        thread::spawn(|| {
            let mut woken = IDLE.lock();
            loop {
                NEVER.wait(&mut woken);
                *woken += 1;
            }
        });
    }
}
