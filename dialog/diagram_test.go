package dialog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestADiagramShowsEveryFlow(t *testing.T) {
	t.Parallel()
	b := Book{Start: "tea.ask", States: []State{
		{ID: "tea.ask", Ask: says("x"), Answer: stays, Edges: []Edge{{"pay", "till.sum"}, {"leave", "tea.end"}}},
		{ID: "tea.end", Ask: says("x"), End: true},
		{ID: "till.sum", Ask: says("x"), Answer: stays, Back: "tea.ask", Confirm: true, Edges: []Edge{{"yes", "till.pin"}}},
		{ID: "till.pin", Ask: says("x"), Answer: stays, Secret: true, Edges: []Edge{{"try", "till.paying"}}},
		{ID: "till.paying", Do: does, Edges: []Edge{{"ok", "tea.end"}, {"again", "till.pin"}}},
	}}
	got, err := Diagrams(b)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`## tea

'''mermaid
stateDiagram-v2
    tea_ask: ask
    [*] --> tea_ask
    tea_ask --> till_sum: pay
    tea_ask --> tea_end: leave
    tea_end: end
    tea_end --> [*]
    till_sum: till.sum
'''

## till

'''mermaid
stateDiagram-v2
    till_sum: sum (confirm)
    till_sum --> till_pin: yes
    till_sum --> tea_ask: 0
    till_pin: pin (secret)
    till_pin --> till_paying: try
    till_paying: paying (does)
    till_paying --> tea_end: ok
    till_paying --> till_pin: again
    tea_ask: tea.ask
    tea_end: tea.end
'''
`, "'''", "```")
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestADiagramHasEveryStateAndEveryEdgeOnce(t *testing.T) {
	t.Parallel()
	b := (&library{}).book()
	got, err := Diagrams(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Diagrams(b)
	if err != nil || got != again {
		t.Errorf("it is drawn in another way each time: %v", err)
	}
	name := func(id StateID) string { return strings.ReplaceAll(string(id), ".", "_") }
	for _, s := range b.States {
		if n := strings.Count(got, "\n    "+name(s.ID)+": "+strings.TrimPrefix(string(s.ID), s.ID.Flow()+".")); n != 1 {
			t.Errorf("state %q is drawn %d times", s.ID, n)
		}
		for _, e := range s.Edges {
			if n := strings.Count(got, "\n    "+name(s.ID)+" --> "+name(e.To)+": "+string(e.Move)+"\n"); n != 1 {
				t.Errorf("the move %q of %q is drawn %d times", e.Move, s.ID, n)
			}
		}
	}
	if strings.Contains(got, "dialog_") {
		t.Errorf("the engine's own states are drawn")
	}
}
