import { describe, expect, test } from 'vitest'
import { isLockWrapper } from '../../src/symbolize/lock-wrapper.js'

describe('a function that only wraps a lock', () => {
  test.each([
    'pthread_mutex_lock',
    '___pthread_mutex_lock',
    '__pthread_mutex_lock_full',
    '__lll_lock_wait_private',
    '__futex_abstimed_wait_common64',
    '__gthread_mutex_lock',
    'std::mutex::lock',
    'std::lock_guard<std::mutex>::lock_guard',
    'std::unique_lock<std::recursive_timed_mutex>::try_lock_until<std::chrono::_V2::steady_clock>',
    'std::__glibcxx_rwlock_wrlock',
    'g_mutex_lock_slowpath',
    'uv_mutex_lock',
    'mutex_acquire',
    'lock.part.0',
    'Mutex::Acquire',
    'os::SpinLock::LockSlow',
    'ScopedLock::ScopedLock',
    // MariaDB and MySQL: mysql_mutex.h, srw_lock.h, sux_lock.h, sync0rw.h.
    'inline_mysql_mutex_lock',
    'inline_mysql_rwlock_wrlock',
    'psi_mutex_lock',
    'psi_rwlock_rdlock',
    'safe_mutex_lock',
    'srw_mutex_impl<true>::wait_and_lock',
    'ssux_lock_impl<true>::wr_wait',
    'ssux_lock_impl<true>::rd_wait',
    'srw_lock_impl<true>::psi_wr_lock',
    'sux_lock<ssux_lock_impl<true> >::x_lock',
    'PolicyMutex<TTASEventMutex<GenericPolicy> >::enter',
    'pfs_rw_lock_x_lock_func',
  ])('%s', (name) => expect(isLockWrapper(name)).toBe(true))

  test.each([
    'cart_add',
    'orders_lock',
    'lock_table',
    'std::vector<std::mutex>::resize',
    'Queue::take',
    'Query_cache::lock_and_suspend',
    'trx_t::commit',
    'buf_page_get_gen',
    'lock_sys_t::wr_lock_table',
    'wait',
    'main',
  ])('is not %s', (name) => expect(isLockWrapper(name)).toBe(false))
})
