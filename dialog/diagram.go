package dialog

import (
	"fmt"
	"slices"
	"strings"
)

// Diagrams draws every flow of a book as a Mermaid state diagram, in the order
// in which the flows first appear, for documents that are made from the code.
// What the engine adds to every question (0 back, 00 menu, three answers not
// understood) is left out, but for Back.
func Diagrams(b Book) (string, error) {
	if _, err := compile(b); err != nil {
		return "", err
	}
	var flows []string
	for _, s := range b.States {
		if f := s.ID.Flow(); !slices.Contains(flows, f) {
			flows = append(flows, f)
		}
	}
	var out strings.Builder
	for _, flow := range flows {
		fmt.Fprintf(&out, "## %s\n\n```mermaid\nstateDiagram-v2\n", flow)
		name := func(id StateID) string { return strings.ReplaceAll(string(id), ".", "_") }
		var outside []StateID
		for _, s := range b.States {
			if s.ID.Flow() != flow {
				continue
			}
			label := strings.TrimPrefix(string(s.ID), flow+".")
			switch {
			case s.Do != nil:
				label += " (does)"
			case s.Secret:
				label += " (secret)"
			case s.Confirm:
				label += " (confirm)"
			}
			fmt.Fprintf(&out, "    %s: %s\n", name(s.ID), label)
			if s.ID == b.Start || s.ID == b.Stranger {
				fmt.Fprintf(&out, "    [*] --> %s\n", name(s.ID))
			}
			edge := func(to StateID, move string) {
				fmt.Fprintf(&out, "    %s --> %s: %s\n", name(s.ID), name(to), move)
				if to.Flow() != flow && !slices.Contains(outside, to) {
					outside = append(outside, to)
				}
			}
			for _, e := range s.Edges {
				edge(e.To, string(e.Move))
			}
			if s.Back != "" {
				edge(s.Back, "0")
			}
			if s.End {
				fmt.Fprintf(&out, "    %s --> [*]\n", name(s.ID))
			}
		}
		for _, id := range outside {
			fmt.Fprintf(&out, "    %s: %s\n", name(id), id)
		}
		out.WriteString("```\n\n")
	}
	return strings.TrimRight(out.String(), "\n") + "\n", nil
}
