package telemetry

import (
	"net"
	"net/http"
	"net/http/pprof" //nolint:gosec // its init fills DefaultServeMux, which nobody here serves
	"net/netip"
	"strings"

	"spaza/secret"
)

// AdminOptions says who may use the admin listener.
type AdminOptions struct {
	// Token is what Authorization must carry, as a bearer token or as the
	// password of basic authentication under any name. Without one the
	// listener must be bound to loopback, and only requests that name this
	// machine (localhost or an address) are answered.
	Token secret.Text
}

// adminIndex is shown at the root of the admin listener.
const adminIndex = `spaza admin
/metrics       Prometheus
/healthz       the process is alive
/readyz        it can be given work
/debug/pprof/  profiles
`

// AdminHandler serves the operator: metrics, health and profiles. Everything
// but /healthz asks for the token, where there is one.
func AdminHandler(m *Metrics, h *Health, o AdminOptions) http.Handler {
	inside := http.NewServeMux()
	inside.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusOK, []byte(adminIndex))
	})
	inside.Handle("GET /metrics", m.Handler())
	inside.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		status, body := h.Readyz()
		plain(w, status, body)
	})
	inside.HandleFunc("GET /debug/pprof/", pprof.Index)
	inside.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	inside.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	inside.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	inside.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol) // when it asks for many
	inside.HandleFunc("GET /debug/pprof/trace", pprof.Trace)

	outside := http.NewServeMux()
	outside.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		status, body := h.Healthz()
		plain(w, status, body)
	})
	outside.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		switch {
		case o.Token.Empty() && !namesThisMachine(r.Host):
			plain(w, http.StatusForbidden, []byte("ask for this address by localhost\n"))
		case !o.Token.Empty() && !carries(r, o.Token):
			w.Header().Set("WWW-Authenticate", `Basic realm="spaza admin", charset="UTF-8"`)
			plain(w, http.StatusUnauthorized, []byte("unauthorized\n"))
		default:
			inside.ServeHTTP(w, r)
		}
	})
	return outside
}

func plain(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // nobody is left to be told
}

// carries says whether the request is authorized by the token, in a time that
// does not depend on how much of it is right.
func carries(r *http.Request, token secret.Text) bool {
	if _, password, ok := r.BasicAuth(); ok {
		return token.Equal(password)
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	bearer := strings.EqualFold(scheme, "bearer")
	return token.Equal(strings.TrimSpace(given)) && bearer
}

// namesThisMachine says whether a Host header names localhost or an address.
// Any other name may be a stranger's that was pointed at this machine, so that
// a web page open in the operator's browser could read from here.
func namesThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return strings.EqualFold(host, "localhost")
}
