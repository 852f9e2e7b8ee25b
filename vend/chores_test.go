package vend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"spaza/vend"
)

func TestMoreChoresAreDoneWithTheOthers(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		const keep = time.Hour
		var mu sync.Mutex
		left, down := 450, false
		var asked []string
		chore := func(what string, keep time.Duration) vend.Chore {
			return vend.Chore{What: what, Keep: keep, Erase: func(_ context.Context, before time.Time, limit int) (int, error) {
				mu.Lock()
				defer mu.Unlock()
				if down {
					return 0, errors.New("as planned")
				}
				n := min(left, limit)
				left -= n
				asked = append(asked, fmt.Sprint(what, " ", n, " of ", time.Now().Add(-keep).Equal(before)))
				return n, nil
			}}
		}
		h := keepHouse(t, d, nil, vend.HousekeepingOptions{Every: time.Minute, More: []vend.Chore{chore("letters", keep), chore("for ever", 0)}}, 1)
		mu.Lock()
		if want := []string{"letters 200 of true", "letters 200 of true", "letters 50 of true"}; !slices.Equal(asked, want) {
			t.Errorf("asked %q, want %q", asked, want)
		}
		mu.Unlock()
		if _, note := h.job(); note != "450 letters" {
			t.Errorf("it says %q", note)
		}
		mu.Lock()
		down = true
		mu.Unlock()
		pass(time.Minute)
		if _, note := h.job(); note != "erase letters: as planned" {
			t.Errorf("it says %q", note)
		}
	})
}
