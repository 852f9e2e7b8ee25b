package kill

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"spaza/test/whole"
)

// rigsAtOnce are those of the bounded form.
const rigsAtOnce = 4

// spaza is built once.
var spaza whole.Binary

// TestMain lets all rigs of the bounded form run at once, also on a small machine, where
// nobody said otherwise: most of their time they wait for leases to end and for
// requests to be sent again.
func TestMain(m *testing.M) {
	flag.Parse()
	said := os.Getenv("SPAZA_PROOF") == "long" // it has time, and its crowds are larger
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		if err := flag.Set("test.parallel", strconv.Itoa(max(rigsAtOnce, runtime.GOMAXPROCS(0)))); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	spaza.Remove()
	os.Exit(code)
}

// proof is how much is to be done.
type proof struct {
	seed    uint64
	kills   int           // of each database
	crowd   int           // customers at a time
	long    bool          // also with what takes its time
	settled time.Duration // how long what is open at the end is waited for
}

// asked reads the environment.
func asked(t *testing.T) proof {
	t.Helper()
	if testing.Short() {
		t.Skip("left out with -short: it waits for leases and for requests to be sent again")
	}
	p := proof{seed: rand.Uint64(), kills: 15, crowd: 12, settled: 2 * time.Minute}
	if os.Getenv("SPAZA_PROOF") == "long" {
		p.long, p.kills, p.crowd, p.settled = true, 300, 16, 10*time.Minute
	}
	for name, into := range map[string]func(uint64){
		"SPAZA_PROOF_SEED":  func(n uint64) { p.seed = n },
		"SPAZA_PROOF_KILLS": func(n uint64) { p.kills = int(n) },
	} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.ParseUint(text, 10, 64)
			if err != nil {
				t.Fatalf("%s is not a number: %q", name, text)
			}
			into(n)
		}
	}
	return p
}

// source is a source of choices, one of its own for each name.
func (p proof) source(names ...any) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, names...)
	return rand.New(rand.NewPCG(p.seed, h.Sum64()))
}
