package main

import (
	"fmt"

	"spaza/dialog"
	"spaza/flows"
)

type flowsCommand struct{}

// Run prints the diagrams of every flow, as they stand in docs/flows.md.
func (flowsCommand) Run(c console) error {
	text, err := flowsPage()
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(c.out, text)
	return err
}

// flowsPage is the whole page.
func flowsPage() (string, error) {
	diagrams, err := dialog.Diagrams(flows.Book(flows.Shop{}))
	if err != nil {
		return "", fmt.Errorf("draw flows: %w", err)
	}
	return "# Flows\n\nMade by `spaza flows` from the code; a test keeps it fresh. On every question 0 goes back where an\n" +
		"arrow says so, 00 goes to the menu, and three answers that are not understood end the call kindly.\n\n" + diagrams, nil
}
