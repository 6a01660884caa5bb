// workload-go [--p P] [--goroutines N] [--demand TIME] [--think TIME] [--idle N] [--kind mutex|rwlock]
// [--sleep-inside TIME] [--duration TIME]:
// goroutines with jobs of so much CPU time, the share 1 - P of it under one lock, and pauses between them of an
// exponentially distributed time; others are idle on a channel. Prints what it measured of itself after that time, or at SIGTERM,
// and at SIGUSR2; since SIGUSR1 if that came.
package main

import (
	"encoding/json"
	"flag"
	"math/rand"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// shop is what the jobs change: by one at a time.
type shop struct {
	mutex  sync.Mutex
	rwlock sync.RWMutex
	sold   uint64
	pause  time.Duration
}

//go:noinline
func spin(iterations int) uint64 {
	x := uint64(88172645463325252)
	for i := 0; i < iterations; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

//go:noinline
func (s *shop) sell(iterations int) {
	s.mutex.Lock()
	s.sold += spin(iterations) & 1
	if s.pause > 0 {
		time.Sleep(s.pause)
	}
	s.mutex.Unlock()
}

//go:noinline
func (s *shop) restock(iterations int) {
	s.rwlock.Lock()
	s.sold += spin(iterations) & 1
	s.rwlock.Unlock()
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// perSecond is how many iterations a CPU does in a second: the most of three tries.
func perSecond() float64 {
	const iterations = 20_000_000
	most := 0.0
	for i := 0; i < 3; i++ {
		begin := cpuSeconds()
		spin(iterations)
		if rate := iterations / (cpuSeconds() - begin); rate > most {
			most = rate
		}
	}
	return most
}

func main() {
	p := flag.Float64("p", 0.5, "parallel fraction")
	goroutines := flag.Int("goroutines", 4, "that take jobs")
	demand := flag.Duration("demand", 4*time.Millisecond, "CPU time of a job")
	think := flag.Duration("think", 0, "mean pause between two jobs")
	idle := flag.Int("idle", 0, "goroutines that wait for nothing")
	sleepInside := flag.Duration("sleep-inside", 0, "pause inside the mutex")
	kind := flag.String("kind", "mutex", "of lock: mutex or rwlock")
	duration := flag.Duration("duration", time.Hour, "until it ends")
	flag.Parse()

	never := make(chan int)
	for i := 0; i < *idle; i++ {
		go func() { <-never }()
	}
	iterations := perSecond() * demand.Seconds()
	inside, outside := int(iterations*(1-*p)), int(iterations**p)
	all := &shop{pause: *sleepInside}
	var atLock, jobs atomicCounter
	for i := 0; i < *goroutines; i++ {
		go func(chance *rand.Rand) {
			for {
				arrival := time.Now()
				if *kind == "rwlock" {
					all.restock(inside)
				} else {
					all.sell(inside)
				}
				atLock.add(int64(time.Since(arrival)))
				spin(outside)
				jobs.add(1)
				if *think > 0 {
					time.Sleep(time.Duration(chance.ExpFloat64() * float64(*think)))
				}
			}
		}(rand.New(rand.NewSource(int64(i))))
	}
	say := json.NewEncoder(os.Stdout)
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2)
	say.Encode(ready{"ready", os.Getpid()})
	ended := time.After(*duration)
	begin, beginCPU := time.Now(), cpuSeconds()
	report := func(record string) {
		seconds := time.Since(begin).Seconds()
		say.Encode(map[string]any{
			"record":      record,
			"p":           float64(outside) / float64(inside+outside),
			"queue":       time.Duration(atLock.value()).Seconds() / seconds,
			"rate":        float64(jobs.value()) / seconds,
			"seconds":     seconds,
			"cpu_seconds": cpuSeconds() - beginCPU,
		})
	}
	for {
		number := os.Signal(syscall.SIGTERM)
		select {
		case number = <-told:
		case <-ended:
		}
		switch number {
		case syscall.SIGUSR1:
			begin, beginCPU = time.Now(), cpuSeconds()
			atLock.reset()
			jobs.reset()
		case syscall.SIGUSR2:
			report("interim")
		default:
			report("final")
			return
		}
	}
}

type ready struct {
	Record string `json:"record"`
	Pid    int    `json:"pid"`
}

type atomicCounter struct{ n int64 }

func (c *atomicCounter) add(more int64) { atomic.AddInt64(&c.n, more) }
func (c *atomicCounter) reset()         { atomic.StoreInt64(&c.n, 0) }
func (c *atomicCounter) value() int64   { return atomic.LoadInt64(&c.n) }
