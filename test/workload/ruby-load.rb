#!/usr/bin/ruby
# ruby-load.rb P THREADS [--think SECONDS] [--idle THREADS] [--duration SECONDS]: threads of pure Ruby, which runs under the lock of
# the interpreter, and of compression, which does not. Prints what it measured of itself at SIGTERM, or after that time; since
# SIGUSR1 if that came. Of times the unit may be given: 30s, 20ms.
require 'json'
require 'optparse'
require 'zlib'

JOB_SECONDS = 0.02

def seconds(text) = text.end_with?('ms') ? text.to_f / 1000 : text.to_f

think = idle = duration = 0
OptionParser.new do |options|
  options.on('--think SECONDS') { |text| think = seconds(text) }
  options.on('--idle THREADS') { |text| idle = text.to_i }
  options.on('--duration SECONDS') { |text| duration = seconds(text) }
end.parse!
parallel_fraction, count = ARGV[0].to_f, ARGV[1].to_i

def thread_cpu = Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID)
def process_cpu = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def interpret(iterations)
  i = 0
  i += 1 while i < iterations
end

def compress(block) = Zlib::Deflate.deflate(block, 1)

noise = Random.new(1).bytes(4 << 20)
from = thread_cpu
interpret(400_000)
iterations = (400_000 / (thread_cpu - from) * JOB_SECONDS * (1 - parallel_fraction)).to_i
from = thread_cpu
compress(noise)
block = noise[0, (noise.bytesize / (thread_cpu - from) * JOB_SECONDS * parallel_fraction).to_i]

serial = Array.new(count, 0.0)
period = { wall: now, cpu: process_cpu, serial: 0.0 }
ending = Thread::Queue.new
trap('TERM') { ending << :final }
trap('USR1') { ending << :reset }
never = Thread::Queue.new
idle.times { Thread.new { never.pop } }
count.times do |index|
  Thread.new do
    chance = Random.new(index)
    loop do
      begun = thread_cpu
      interpret(iterations)
      serial[index] += thread_cpu - begun
      compress(block)
      sleep(-think * Math.log(1 - chance.rand)) if think.positive?
    end
  end
end
Thread.new { sleep(duration); ending << :final } if duration.positive?
puts JSON.generate(record: 'ready', pid: Process.pid)
$stdout.flush
period = { wall: now, cpu: process_cpu, serial: serial.sum } while ending.pop == :reset
cpu = process_cpu - period[:cpu]
puts JSON.generate(record: 'final', seconds: now - period[:wall], cpu_seconds: cpu,
                   p: 1 - (serial.sum - period[:serial]) / cpu)
$stdout.flush
exit!(0)
