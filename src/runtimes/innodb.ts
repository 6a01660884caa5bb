import type { RuntimeFiles } from './runtime.js'

/** The servers of MariaDB and MySQL: a transaction waits at a condition variable for the rows that another one has locked. */
export const INNODB: RuntimeFiles = {
  name: 'innodb',
  recognition: {
    file: /^(?:mariadbd|mysqld(?:-debug)?|lib(?:mariadbd|mysqld)\.so(?:\.\d+)*)$/,
  },
  locks: ['innodb-latch', 'condition-variable'],
  untraced: 'hidden-locks',
}
