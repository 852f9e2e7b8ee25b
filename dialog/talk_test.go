package dialog

import "testing"

func TestOnceIsTrueOnceForEachVariable(t *testing.T) {
	t.Parallel()
	var k Talk
	for _, v := range []IntVar{1, 63, 64, 127} {
		if !k.Once(v) || k.Once(v) {
			t.Errorf("variable %d", v)
		}
	}
	if fresh := (Talk{}); !fresh.Once(1) {
		t.Error("another turn remembers")
	}
}
