package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
)

// options are the flags of the command.
type options struct {
	seeds, from uint64
	workers     int
	file        string
	trace       bool
	goOn        bool
	worker      bool
	step        uint64
}

func main() {
	testing.Init() // bubbles are made for tests; the command runs as one
	var o options
	flag.Uint64Var(&o.seeds, "seeds", 1000, "how many seeds to play")
	flag.Uint64Var(&o.from, "from", 1, "the first seed")
	flag.IntVar(&o.workers, "workers", runtime.NumCPU(), "how many processes play at once")
	flag.StringVar(&o.file, "file", "", "play what is in this file, as in testdata/seeds, instead")
	flag.BoolVar(&o.trace, "trace", false, "print what happened, also where nothing is wrong")
	flag.BoolVar(&o.goOn, "go-on", false, "do not stop at the first failure, nor make any small")
	flag.BoolVar(&o.worker, "worker", false, "play in this process, and report in JSON; for the command itself")
	flag.Uint64Var(&o.step, "step", 1, "play every so manieth seed; for the command itself")
	flag.Parse()
	if !o.worker && o.seeds > 1 && o.file == "" {
		ok, err := direct(o)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		if !ok || err != nil {
			os.Exit(1)
		}
		return
	}
	// One goroutine at a time, so that two that were woken by the same step do
	// not race.
	runtime.GOMAXPROCS(1)
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "Simulation", F: func(t *testing.T) {
		if o.worker {
			serve(t, o)
		} else {
			show(t, o)
		}
	}}}, nil, nil)
}

// show plays one script, and prints what went wrong, as small as it can be made.
func show(t *testing.T, o options) {
	t.Helper()
	s, err := newStage()
	if err != nil {
		t.Fatal(err)
	}
	defer s.strike()
	play := script{seed: o.from}
	if o.file != "" {
		k, err := readSeed(o.file)
		if err != nil {
			t.Fatal(err)
		}
		if play = k.full; k.small.only != nil {
			play = k.small
		}
	}
	out := s.run(t, play, o.trace)
	if o.trace {
		fmt.Println(out.trace)
	}
	fmt.Printf("seed %d: %s, trace %s\n", out.seed, out.counts, out.hash)
	if len(out.wrongs) == 0 {
		return
	}
	for _, wrong := range out.wrongs {
		fmt.Println("WRONG:", wrong)
	}
	if !o.goOn && play.only == nil {
		small, _ := s.shrink(t, out)
		last := s.run(t, small, true)
		fmt.Printf("\nas small as it gets, with %d draws of %d:\n%s\n", len(small.only), len(out.drawn), last.trace)
		fmt.Printf("\nto be kept in test/simulation/testdata/seeds:\n%s", seedFile(small, last))
		fmt.Printf("\nto play it again:\n  go run ./test/simulation -seeds 1 -from %d -trace\n", out.seed)
	}
	t.Fail()
}
