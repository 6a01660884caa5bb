/** /proc/PID/status of a process of root, as far as it says who it is. */
export const STATUS = statusOf(0, 0, { capabilities: '000001ffffffffff' })

/** The same of any user. */
export function statusOf(
  uid: number,
  gid: number,
  { groups = '', capabilities = '0000000000000000', state = 'S (sleeping)' } = {},
): string {
  const four = (id: number) => Array(4).fill(id).join('\t')
  return `Name:\tshopd\nState:\t${state}\nUid:\t${four(uid)}\nGid:\t${four(gid)}\nGroups:\t${groups} \nCapEff:\t${capabilities}\n`
}
