package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"spaza/simulator"
)

type switches = simulator.Switches[string]

// on switches a fault on.
func on(t *testing.T, x *switches, does string, at simulator.Selectors, times int) {
	t.Helper()
	one, err := simulator.Aim(does, at, &times, nil, []string{"buy", "ask"})
	if err == nil {
		_, err = x.Add(one)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheOldestFaultThatFitsStrikes(t *testing.T) {
	var x switches
	on(t, &x, "first", simulator.Selectors{Op: "buy", Target: "27821234567"}, 2)
	on(t, &x, "second", simulator.Selectors{Reference: "P-1"}, 1)
	on(t, &x, "third", simulator.Selectors{Op: "buy"}, 1)
	for i, c := range []struct{ op, target, name, want string }{
		{"ask", "27821234567", "P-2", ""},
		{"buy", "27821234567", "P-1", "first"},
		{"buy", "27821234567", "P-2", "first"},
		{"buy", "27821234567", "P-2", "third"},
		{"ask", "27821234567", "P-1", "second"},
		{"buy", "27821234567", "P-1", ""},
	} {
		one, met := x.Strike(c.op, c.target, func(reference string) bool { return reference == c.name })
		if one.Does != c.want || met != (c.want != "") {
			t.Errorf("%d: %+v, want %q", i, one, c.want)
		}
	}
	if left := x.All(); len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}

func TestFaultsAreNumberedListedAndSwitchedOff(t *testing.T) {
	var x switches
	for range simulator.MaxSwitched {
		on(t, &x, "hang", simulator.Selectors{}, 1)
	}
	if _, err := x.Add(simulator.Switched[string]{}); err == nil {
		t.Error("there is no end of faults")
	}
	for number, want := range map[string]int{"1": 200, "101": 404, "0": 404, "x": 404, "": 404} {
		if status, _, err := x.Off(number); status != want || (err == nil) != (want == http.StatusOK) {
			t.Errorf("off %q: HTTP %d, %v", number, status, err)
		}
	}
	if all := x.All(); len(all) != simulator.MaxSwitched-1 || all[0].ID != 2 {
		t.Errorf("%d are left, the first is %d", len(all), all[0].ID)
	}
	x.Clear()
	on(t, &x, "hang", simulator.Selectors{}, 1)
	if all := x.All(); len(all) != 1 || all[0].ID != 101 {
		t.Errorf("a number is given twice: %+v", all)
	}
}

func TestWhatIsAskedForHasBounds(t *testing.T) {
	for name, c := range map[string]struct {
		at      simulator.Selectors
		times   int
		delayMs int64
		want    string
	}{
		"no times":      {simulator.Selectors{}, 0, 0, "times"},
		"many times":    {simulator.Selectors{}, 1_000_001, 0, "times"},
		"in the past":   {simulator.Selectors{}, 1, -1, "delayMs"},
		"much too late": {simulator.Selectors{}, 1, 600_001, "delayMs"},
		"no such op":    {simulator.Selectors{Op: "steal"}, 1, 0, "buy"},
		"long target":   {simulator.Selectors{Target: strings.Repeat("1", simulator.MaxSelector+1)}, 1, 0, "target"},
		"most of all":   {simulator.Selectors{Op: "buy", Reference: strings.Repeat("1", simulator.MaxSelector)}, 1_000_000, 600_000, ""},
	} {
		one, err := simulator.Aim("hang", c.at, &c.times, &c.delayMs, []string{"buy"})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (one.Left != c.times || one.Delay != 10*time.Minute) {
			t.Errorf("%s: %+v", name, one)
		}
	}
	if one, err := simulator.Aim("hang", simulator.Selectors{}, nil, nil, nil); err != nil || one.Left != 1 || one.Delay != 0 {
		t.Errorf("%+v, %v", one, err)
	}
}

func TestAFaultIsPutInWords(t *testing.T) {
	at := simulator.Selectors{Op: "buy", Reference: "P-1", Target: "277"}
	for _, c := range []struct {
		one  simulator.Switched[string]
		does []string
		want simulator.SwitchedLine
	}{
		{simulator.Switched[string]{Selectors: at, Left: 2, Struck: 1}, []string{"hang", ""}, simulator.SwitchedLine{What: "hang", For: "buy, reference P-1, target 277", Left: 2, Struck: 1}},
		{simulator.Switched[string]{Delay: time.Minute}, []string{"", "code 7"}, simulator.SwitchedLine{What: "code 7, after 1m0s", For: "whatever comes"}},
	} {
		if got := c.one.Line(c.does...); got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}
