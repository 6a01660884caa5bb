/**
 * Whether a function only wraps a lock, so that its caller is of interest: `pthread_mutex_lock`, `std::mutex::lock`,
 * `uv_mutex_lock`, `Mutex::Acquire`, `mutex_acquire`, `lock_guard`.
 *
 * The rule: the last part of its name consists of words of locking and of filling words alone, and it or its class
 * has a word for a lock. `orders_lock` or `lock_table` say what is locked, and are no wrappers.
 *
 * @param name As it is written in the source, without the types of parameters.
 */
export function isLockWrapper(name: string): boolean {
  const parts = withoutArguments(name).split('::')
  const own = wordsOf(parts.at(-1) ?? '')
  const owner = wordsOf(parts.at(-2) ?? '')
  if (own.length === 0 || !own.every((word) => LOCKS.has(word) || FILLERS.has(word))) return false
  return own.some((word) => LOCKS.has(word)) || owner.some((word) => LOCKS.has(word))
}

const LOCKS = words(`
  mutex mtx lock locker locked locking spinlock rwlock lll futex guard latch critical
  trylock rdlock wrlock timedlock clocklock timedrdlock timedwrlock clockrdlock clockwrlock
`)

/** What is done to a lock, how, of which kind it is, and the libraries and layers that do it. */
const FILLERS = words(`
  acquire enter get take wait try do read write reader writer shared exclusive
  slow fast path slowpath contended timed clock until for full abstimed cancelable elision
  recursive robust adaptive normal pi unique scoped private section
  std pthread pthreads thread gthread native os sys syscall g gi m uv my apr glibcxx
  mysql inline psi pfs srw ssux sux rw rd wr s x u sx func spin and
  common impl internal raw base safe function wrapper part constprop isra cold
`)

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

function withoutArguments(name: string): string {
  let text = name
  for (let before = ''; before !== text; ) {
    before = text
    text = text.replace(/<[^<>]*>|\([^()]*\)|\[[^[\]]*\]/g, '')
  }
  return text.replace(/\s+$/, '')
}

/** `lockSlow_path2` → lock, slow, path; `~Guard` and operators have a word that is in no list. */
function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[_.]+/)
    .map((word) => word.replace(/\d+$/, ''))
    .filter((word) => word !== '')
}
