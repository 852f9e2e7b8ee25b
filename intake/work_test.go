package intake_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spaza/intake"
	"spaza/jobs"
	"spaza/secret"
)

func TestAFateIsWrittenAsThatOfTheJob(t *testing.T) {
	for _, c := range []struct {
		name  string
		fates []intake.Fate
		want  []string      // what is handled
		after time.Duration // that it is over
		note  string        // of the job that was buried; none: all are finished
	}{
		{"done", []intake.Fate{intake.Done()}, []string{"a says 1", "a says 2"}, 0, ""},
		{"later holds up what comes after", []intake.Fate{intake.Later(time.Minute, "away"), intake.Later(2*time.Minute, "away")},
			[]string{"a says 1", "a says 1", "a says 1", "a says 2"}, 3 * time.Minute, ""},
		{"later past its time", []intake.Fate{intake.Later(6*time.Minute, "away"), intake.Later(6*time.Minute, "still away")},
			[]string{"a says 1", "a says 1", "a says 2"}, 6 * time.Minute, "still away"},
		{"never", []intake.Fate{intake.Never("out of order")}, []string{"a says 1", "a says 2"}, 0, "out of order"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, fates := newMemory(), c.fates
				tries := map[string]int{}
				f := openOffice(t, m, func(_ context.Context, l intake.Letter) intake.Fate {
					if tries[l.ID]++; l.Try != tries[l.ID] {
						t.Errorf("try %d says that it is %d", tries[l.ID], l.Try)
					}
					if len(fates) == 0 {
						return intake.Done()
					}
					next := fates[0]
					fates = fates[1:]
					return next
				}, nil)
				if err := f.Take(t.Context(), []intake.Letter{letter("a", 1), letter("a", 2)}); err != nil {
					t.Fatal(err)
				}
				if c.after > 0 {
					time.Sleep(c.after - time.Nanosecond)
					synctest.Wait()
					if got := f.handledSoFar(); len(got) == len(c.want) {
						t.Errorf("too early: %q", got)
					}
					time.Sleep(time.Second)
				}
				synctest.Wait()
				if got := f.handledSoFar(); !slices.Equal(got, c.want) {
					t.Errorf("handled %q", got)
				}
				left := m.left()
				if c.note == "" && (len(left) != 0 || m.bodies() != 0) {
					t.Errorf("left are %+v", left)
				}
				if c.note != "" && (len(left) != 1 || !left[0].dead || !strings.Contains(left[0].note, c.note) || m.bodies() != 1) {
					t.Errorf("left are %+v and %d bodies, want one buried with its body", left, m.bodies())
				}
			})
		})
	}
}

// stubborn is a store of which one method fails so many times.
type stubborn struct {
	*memory
	read, done int
	lose       bool // jobs are not held any more when they are done
}

func (s *stubborn) Letter(ctx context.Context, key string) (intake.Kept, error) {
	if s.read > 0 {
		s.read--
		return intake.Kept{}, errDown
	}
	return s.memory.Letter(ctx, key)
}

func (s *stubborn) DoneLetters(ctx context.Context, d intake.Ended) ([]jobs.Job, error) {
	if s.lose {
		return nil, nil
	}
	if s.done > 0 {
		s.done--
		return nil, errDown
	}
	return s.memory.DoneLetters(ctx, d)
}

func TestWhatWasHandledIsNotHandledAgainForAStoreThatFails(t *testing.T) {
	for _, c := range []struct {
		name         string
		store        stubborn
		left, bodies int
	}{
		{"it can not be read twice", stubborn{read: 2}, 0, 0},
		{"it can not be written as done", stubborn{done: 1}, 0, 1},
		{"it was lost", stubborn{lose: true}, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				c.store.memory = m
				f := openOffice(t, m, nil, func(o *intake.Options, _ *jobs.Options) { o.Store = &c.store })
				if err := f.Take(t.Context(), []intake.Letter{letter("a", 1)}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if got := f.handledSoFar(); len(got) != 1 || len(m.left()) != c.left || m.bodies() != c.bodies {
					t.Errorf("handled %q, left are %d jobs and %d bodies", got, len(m.left()), m.bodies())
				}
			})
		})
	}
}

func TestAJobWithoutALetterThatOpens(t *testing.T) {
	m, keys := newMemory(), keyring(t)
	b := intake.New(intake.Options{Store: m, Seal: keys, Runner: jobs.NewRunner(m, jobs.Options{}), Handle: func(context.Context, intake.Letter) intake.Fate {
		t.Error("it was handled")
		return intake.Done()
	}})
	for key, body := range map[string][]byte{
		"none": nil, "erased": nil, "another's": keys.Seal(secret.New("x"), "letter none"), "torn": keys.Seal(secret.New("x"), "letter torn"),
	} {
		want := jobs.Bury("the letter does not open")
		if key == "none" || key == "erased" {
			want = jobs.Done()
		}
		if key != "none" {
			m.letters[key] = &intake.Kept{Key: key, Body: body}
		}
		if got := b.Work(t.Context(), jobs.Job{Kind: intake.JobChat, Key: key}); got != want {
			t.Errorf("%s: %+v", key, got)
		}
	}
}

// away is a sealer that has no key here and now.
type away struct{ *secret.Keyring }

func (away) Open([]byte, string) (secret.Text, error) {
	return secret.Text{}, errors.New("no way to the vault")
}

func TestALetterWhoseKeyIsAwayIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		f := openOffice(t, m, nil, func(o *intake.Options, _ *jobs.Options) { o.Seal = away{keyring(t)} })
		if err := f.Take(t.Context(), []intake.Letter{letter("a", 1)}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if left := m.left(); len(left) != 1 || left[0].dead || !left[0].RunAt.After(time.Now()) || len(f.handledSoFar()) != 0 {
			t.Errorf("left are %+v", left)
		}
	})
}
