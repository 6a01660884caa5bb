/** Machine repairman, M/M/m//C: jobs at the servers, by the distribution term by term, scaled so that nothing overflows. */
export function repairman(clients: number, servers: number, serviceSeconds: number, thinkSeconds: number) {
  const logs = [0]
  for (let jobs = 1; jobs <= clients; jobs += 1) {
    const arrive = (clients - jobs + 1) / thinkSeconds
    const serve = Math.min(jobs, servers) / serviceSeconds
    logs.push((logs[jobs - 1] as number) + Math.log(arrive / serve))
  }
  const most = Math.max(...logs)
  const weights = logs.map((log) => Math.exp(log - most))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const mean = (of: (jobs: number) => number) =>
    weights.reduce((sum, weight, jobs) => sum + weight * of(jobs), 0) / total
  return {
    jobs: mean((jobs) => jobs),
    throughput: mean((jobs) => Math.min(jobs, servers) / serviceSeconds),
  }
}
