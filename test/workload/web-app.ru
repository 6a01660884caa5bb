# A Rack application whose requests take 20 ms of CPU time, the share P of it compression, which lets go of the interpreter's lock.
# At its end it writes what that used into the folder REPORTS.
require 'json'
require 'zlib'

JOB_SECONDS = 0.02

def thread_cpu = Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID)
def process_cpu = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)

def interpret(iterations)
  i = 0
  i += 1 while i < iterations
end

def compress(block) = Zlib::Deflate.deflate(block, 1)

parallel_fraction = ENV.fetch('P').to_f
noise = Random.new(1).bytes(4 << 20)
from = thread_cpu
interpret(400_000)
iterations = (400_000 / (thread_cpu - from) * JOB_SECONDS * (1 - parallel_fraction)).to_i
from = thread_cpu
compress(noise)
block = noise[0, (noise.bytesize / (thread_cpu - from) * JOB_SECONDS * parallel_fraction).to_i]
compressed = Hash.new(0.0)
started = process_cpu

at_exit do
  used = { cpu_seconds: process_cpu - started, parallel_seconds: compressed.values.sum }
  File.write(File.join(ENV.fetch('REPORTS'), "#{Process.pid}.json"), JSON.generate(used))
end

run(lambda do |_|
  interpret(iterations)
  begun = thread_cpu
  compress(block)
  compressed[Thread.current] += thread_cpu - begun
  [200, { 'content-type' => 'text/plain' }, ["ok\n"]]
end)
