//! The locks of Rust's library, for the jobs of rust.c.

use std::ffi::c_void;
use std::sync::{Condvar, Mutex, RwLock};
use std::thread;
use std::time::Duration;

static SHOP_MUTEX: Mutex<u64> = Mutex::new(0);
static SHOP_RWLOCK: RwLock<u64> = RwLock::new(0);
static IDLE: Mutex<u64> = Mutex::new(0);
static NEVER: Condvar = Condvar::new();

type Work = extern "C" fn(*mut c_void);

#[no_mangle]
pub extern "C" fn shop_with_mutex(work: Work, worker: *mut c_void) {
    let mut jobs = SHOP_MUTEX.lock().unwrap();
    *jobs += 1;
    work(worker);
}

#[no_mangle]
pub extern "C" fn shop_with_write_lock(work: Work, worker: *mut c_void) {
    let mut jobs = SHOP_RWLOCK.write().unwrap();
    *jobs += 1;
    work(worker);
}

/// Threads that wait at a condition variable, whose counter is 2: as a thread that waits for a mutex does.
#[no_mangle]
pub extern "C" fn shop_idle_pool(threads: u32) {
    for _ in 0..threads {
        thread::spawn(|| {
            let mut woken = IDLE.lock().unwrap();
            loop {
                woken = NEVER.wait(woken).unwrap();
                *woken += 1;
            }
        });
    }
    for _ in 0..2 {
        thread::sleep(Duration::from_millis(50));
        NEVER.notify_one();
    }
}
