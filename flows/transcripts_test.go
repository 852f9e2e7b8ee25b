package flows_test

import (
	"flag"
	"testing"

	"spaza/test/talk"
)

var update = flag.Bool("update", false, "rewrite what transcripts show; read the difference aloud before it is kept")

// TestTranscripts holds the conversations in testdata with the whole shop
// behind them. Every one ends with the books checked: see house.end.
func TestTranscripts(t *testing.T) {
	books := emptyBooks(t)
	talk.Run(t, "testdata", *update, func(t *testing.T) talk.World {
		return newHouse(t, books).world()
	})
}
