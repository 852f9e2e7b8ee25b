package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"spaza/intake"
	"spaza/jobs"
	"spaza/store"
)

func TestLettersAreErasedAndForgottenInTime(t *testing.T) {
	s, err := store.OpenSQL(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "spaza.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	began := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	letter := intake.Kept{Key: "telegram/a", At: began, Body: []byte("sealed"), Job: jobs.Job{Kind: intake.JobChat, Key: "telegram/a", Lane: "chat/a", RunAt: began}}
	batch := intake.Batch{Letters: []intake.Kept{letter}, Owner: "me", LeaseUntil: began.Add(time.Minute), Room: 1, Waiting: 1}
	added, err := s.AddLetters(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	j := added.Jobs[0]
	j.DiedAt = began
	if err := s.Bury(t.Context(), j, "given up"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		want  string // of bodies, jobs and letters erased by then
		known bool
	}{
		{intake.KeepBodies, "[0 0 0]", true},
		{intake.KeepBodies + time.Millisecond, "[1 0 0]", true},
		{intake.KeepKeys, "[0 0 0]", true},
		{intake.KeepKeys + time.Millisecond, "[0 1 1]", false},
	} {
		var got []int
		for _, chore := range letterChores(s) {
			n, err := chore.Erase(t.Context(), began.Add(c.after-chore.Keep), 10)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("after %s: %v, want %s", c.after, got, c.want)
		}
		again, err := s.AddLetters(t.Context(), batch)
		if err != nil || (len(again.Jobs) == 0) != c.known {
			t.Errorf("after %s it came again: %v, %v", c.after, again.Jobs, err)
		}
	}
}
