package dialog

import (
	"strings"
	"testing"
)

func TestMemoryKeepsTheContractOfAStore(t *testing.T) {
	t.Parallel()
	one, two, three := strings.Repeat("1", 40), strings.Repeat("2", 40), strings.Repeat("3", 40)
	m := NewMemory()
	for i, c := range []struct {
		prev, record string
		current      string
		saved        bool
		then         string
	}{
		{stamp(one), two, "", false, ""}, // nothing is there to replace
		{"", one, "", true, one},
		{"", one, "", true, one}, // again: the reply was lost
		{"", two, one, false, one},
		{stamp(two), three, one, false, one},
		{stamp(one), two, "", true, two},
		{stamp(one), two, "", true, two},
		{stamp(one), three, two, false, two},
		{stamp(two), one, "", true, one},
	} {
		current, saved, err := m.Save(t.Context(), "k", c.prev, c.record, 0)
		if current != c.current || saved != c.saved || err != nil {
			t.Errorf("save %d gave %q, %v, %v", i, current, saved, err)
		}
		if then, err := m.Load(t.Context(), "k"); then != c.then || err != nil {
			t.Errorf("after save %d there is %q, %v", i, then, err)
		}
	}
	if other, err := m.Load(t.Context(), "other"); other != "" || err != nil {
		t.Errorf("under another key there is %q, %v", other, err)
	}
}
