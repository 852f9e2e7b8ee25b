package flashapi

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// hostMode makes the test binary a host for the benchmarks: a process of its
// own, so that none of its work counts as the client's.
const hostMode = "FLASHAPI_BENCHMARK_HOST"

func TestMain(m *testing.M) {
	if os.Getenv(hostMode) != "" {
		serveBenchmarks()
		return
	}
	slog.SetDefault(slog.New(slog.DiscardHandler)) // net/http logs what a host says unasked, and some of ours do
	goleak.VerifyTestMain(m)
}

// serveBenchmarks writes its address to standard output and serves until
// standard input ends.
func serveBenchmarks() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) { giveToken(w, testToken, 3600) })
	for op, answer := range benchAnswers {
		mux.HandleFunc("POST "+apiPath+string(op), func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, answer)
		})
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	fmt.Println(server.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
}
