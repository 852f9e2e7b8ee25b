package dialog

import (
	"errors"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestOnlyDeclaredMovesAreLegal(t *testing.T) {
	t.Parallel()
	m, err := compile((&library{}).book())
	if err != nil {
		t.Fatal(err)
	}
	moves := map[Move]bool{"fly": true, Stay: true}
	for _, n := range m.byID {
		for _, e := range n.edges {
			moves[e.Move] = true
		}
	}
	for id, n := range m.byID {
		declared := map[Move]StateID{}
		for _, e := range n.edges {
			declared[e.Move] = e.To
		}
		for mv := range moves {
			for range 3 { // a machine is used again
				to, err := m.step(n, mv)
				switch want, ok := declared[mv]; {
				case !ok && (!errors.Is(err, ErrMove) || to != nil):
					t.Errorf("%q from %q was made, to %v, %v", mv, id, to, err)
				case ok && (err != nil || to != m.byID[want]):
					t.Errorf("%q from %q led to %v, %v; want %q", mv, id, to, err, want)
				}
			}
		}
	}
}

func TestTheEngineAddsMovesToQuestionsOnly(t *testing.T) {
	t.Parallel()
	m, err := compile((&library{}).book())
	if err != nil {
		t.Fatal(err)
	}
	for id, n := range m.byID {
		has := map[Move]bool{}
		for _, e := range n.edges {
			has[e.Move] = true
		}
		asks := n.Answer != nil
		if has[moveStop] != asks || has[moveCeil] != asks || has[moveHome] != (asks && n != m.start && !n.First) || has[moveBack] != (asks && n.Back != "") {
			t.Errorf("%q has the moves %v", id, has)
		}
	}
}

// TestARefusedMoveSpoilsNothing makes moves and attempts at moves in any order,
// from many turns at a time.
func TestARefusedMoveSpoilsNothing(t *testing.T) {
	t.Parallel()
	m, err := compile(sound())
	if err != nil {
		t.Fatal(err)
	}
	n := m.byID["a.do"]
	rapid.Check(t, func(t *rapid.T) {
		moves := rapid.SliceOfN(rapid.SampledFrom([]Move{"ok", "again", "fly", Stay}), 1, 20).Draw(t, "moves")
		var wg sync.WaitGroup
		wrong := make(chan Move, 2*len(moves))
		for range 2 {
			wg.Go(func() {
				for _, mv := range moves {
					to, err := m.step(n, mv)
					want := map[Move]*node{"ok": m.byID["a.end"], "again": m.byID["a.ask"]}[mv]
					if to != want || (err == nil) != (want != nil) {
						wrong <- mv
					}
				}
			})
		}
		wg.Wait()
		close(wrong)
		for mv := range wrong {
			t.Errorf("%q went wrong", mv)
		}
	})
}

func TestAMoveToTheSameStateIsAMove(t *testing.T) {
	t.Parallel()
	b := sound()
	b.States[0].Edges = append(b.States[0].Edges, Edge{"same", "a.ask"})
	m, err := compile(b)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if to, err := m.step(m.start, "same"); to != m.start || err != nil {
			t.Errorf("led to %v, %v", to, err)
		}
	}
}
