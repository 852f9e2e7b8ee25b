package electrumapi

import (
	"log/slog"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // net/http logs what a host says unasked, and some of ours do
	goleak.VerifyTestMain(m)
}
