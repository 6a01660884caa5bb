/** Locks that the C library has for itself, and that a program meets through its functions. */
const LIBC_LOCKS = ['malloc arena', 'stdio'] as const
export type LibcLock = (typeof LIBC_LOCKS)[number]

export function isLibcLock(name: string): name is LibcLock {
  return LIBC_LOCKS.some((lock) => lock === name)
}

/**
 * The lock of the C library that a function takes, or that lies in one of its variables.
 *
 * @param symbol As the library or a static program has it: with `_IO_`, `__libc_`, `_chk` or `_unlocked`, or without.
 */
export function libcLockOf(symbol: string): LibcLock | undefined {
  const name = symbol
    .replace(/^_+/, '')
    .replace(/^(?:GI_+)?(?:libc_|IO_(?:new_)?)/, '')
    .replace(/\.(?:part|constprop|isra|cold)\b.*$|_unlocked$|_chk$/g, '')
  if (MALLOC.has(name)) return 'malloc arena'
  return STDIO.has(name) || /^stdfile_\d_lock$/.test(name) ? 'stdio' : undefined
}

const MALLOC = words(`
  malloc calloc realloc reallocarray free cfree memalign aligned_alloc posix_memalign valloc pvalloc malloc_trim
  int_malloc int_free int_realloc int_memalign int_free_merge_chunk arena_get2 arena_get_retry sysmalloc main_arena
  mallinfo mallinfo2 malloc_info malloc_stats
`)

const STDIO = words(`
  flockfile ftrylockfile lock_lock list_all_lock list_lock flush_all flush_all_lockp
  putc fputc putchar puts fputs putwc fputwc fputws fwrite printf fprintf vprintf vfprintf dprintf perror
  getc fgetc getchar gets fgets getwc fgetwc fgetws fread getline getdelim ungetc ungetwc scanf fscanf vfscanf
  fflush fclose fseek fseeko ftell ftello rewind fgetpos fsetpos setvbuf setbuf setbuffer feof ferror clearerr fileno
`)

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}
