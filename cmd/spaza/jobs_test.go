package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"spaza/jobs"
	"spaza/vend"
)

// bury adds jobs and has them given up, and returns their numbers.
func (s *counter) bury(note string, keys ...string) (numbers []string) {
	s.t.Helper()
	for _, key := range keys {
		kind := vend.JobNotice
		if !strings.Contains(key, "/") {
			kind = vend.JobOrder
		}
		s.must(s.sql.InTx(s.t.Context(), func(tx vend.Tx) error {
			_, err := tx.AddJob(jobs.Job{Kind: kind, Key: key, RunAt: s.now})
			return err
		}))
		claimed, err := s.sql.Claim(s.t.Context(), []jobs.Kind{kind}, 1, "replica-1", s.now, s.now.Add(time.Minute))
		s.must(err)
		s.must(s.sql.Bury(s.t.Context(), claimed[0], note))
		numbers = append(numbers, fmt.Sprint(claimed[0].ID))
	}
	return numbers
}

func TestJobsThatWereGivenUpAreListedRetriedAndDropped(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.fails(1, "no job was given up", "jobs", "list")
		s.fails(1, "no job waits", "jobs", "list", "--waiting")
		n := s.bury("sms: 500\x1b[2J", ref("AAAAAA")+"/ended", ref("BBBBBB")+"/person", ref("CCCCCC"))
		out := s.ok("jobs", "list")
		if strings.Contains(out, "\x1b") || !strings.Contains(out, `sms: 500\x1b[2J`) || strings.Count(out, "notice  ") != 2 {
			t.Error(out)
		}
		for line := range strings.SplitSeq(out, "\n") {
			if len(line) > 100 {
				t.Errorf("%d columns: %s", len(line), line)
			}
		}
		if out := s.ok("jobs", "list", "--kind=order", "--json"); !strings.Contains(out, ref("CCCCCC")) || strings.Contains(out, ref("AAAAAA")) || !strings.Contains(out, `"buried_at": "20`) {
			t.Error(out)
		}
		s.fails(2, "say why", "jobs", "retry", n[0])
		if out := s.ok("jobs", "retry", n[0], n[2], "--reason=the gateway is back", "--by=lerato"); strings.Count(out, "is done after all") != 2 {
			t.Error(out)
		}
		s.fails(1, "there is no job "+n[0]+" that was given up", "jobs", "retry", n[0], "--reason=x")
		if out := s.ok("jobs", "list", "--waiting"); strings.Count(out, "P-") != 2 {
			t.Error(out)
		}
		s.ok("jobs", "drop", n[1], "--reason=told by phone", "--by=lerato")
		s.fails(1, "no job was given up", "jobs", "list")
		want := []string{
			"lerato: drop job " + n[1] + ", notice " + ref("BBBBBB") + "/person (told by phone)",
			"lerato: retry job " + n[2] + ", order " + ref("CCCCCC") + " (the gateway is back)",
			"lerato: retry job " + n[0] + ", notice " + ref("AAAAAA") + "/ended (the gateway is back)",
		}
		if diff := gocmp.Diff(want, s.acts()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatSeesAnOrderThroughIsNeverDropped(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		n := s.bury("no such order", ref("CCCCCC"))
		s.fails(1, "is never dropped", "jobs", "drop", n[0], "--reason=x", "--by=lerato")
		if out := s.ok("jobs", "list"); !strings.Contains(out, ref("CCCCCC")) {
			t.Error(out)
		}
		if acts := s.acts(); len(acts) != 2 || !strings.Contains(acts[0], ": refused: ") {
			t.Error(acts)
		}
	})
}
