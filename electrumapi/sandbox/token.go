package sandbox

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"spaza/simulator"
)

const opToken = "token"

// bearer is whom a token stands for and until when.
type bearer struct {
	user string
	ends time.Time
}

// tokenRoutes serve the password grant of OAuth2 (RFC 6749 section 4.3), by
// which Electrum's platform gives out tokens.
func (s *Sandbox) tokenRoutes() {
	s.known(opToken)
	s.handle("POST", TokenPath, s.grant)
}

// grant answers a request for a token, as the fault that is switched on demands.
func (s *Sandbox) grant(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	status, answer := http.StatusBadRequest, any(map[string]string{"error": "invalid_request"})
	bad := r.ParseForm() != nil
	refused := func(no refusal) []byte { return no.body("", "", "") }
	s.mu.Lock()
	b := s.strike(opToken, "")
	if instead := b.before(); instead != nil {
		s.mu.Unlock()
		simulator.Wait(r.Context(), b.delay)
		instead(w, refused)
		return
	}
	switch {
	case b.told != nil:
		status, answer = b.told.code(), map[string]string{"error": strings.ToLower(b.told.kind)}
	case !bad:
		status, answer = s.issue(r)
	}
	s.mu.Unlock()
	simulator.Wait(r.Context(), b.delay)
	w.Header().Set("Cache-Control", "no-store")
	text, err := json.Marshal(answer)
	if err != nil || !b.after(w, r, s.options.SlowFor, status, text, refused) {
		simulator.Write(w, status, text)
	}
}

// issue makes a token for who may have one. The caller holds the lock.
func (s *Sandbox) issue(r *http.Request) (status int, answer any) {
	id, password, basic := r.BasicAuth()
	if !basic {
		id, password = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	user := r.PostForm.Get("username")
	refused := func(why string) any { return map[string]string{"error": why} }
	switch {
	case id != s.options.ClientID || !same(password, s.options.ClientSecret):
		return http.StatusUnauthorized, refused("invalid_client")
	case r.PostForm.Get("grant_type") != "password":
		return http.StatusBadRequest, refused("unsupported_grant_type")
	case !s.opens(user, r.PostForm.Get("password")):
		return http.StatusBadRequest, refused("invalid_grant")
	}
	token := s.randomToken()
	s.tokens[token] = bearer{user, s.options.Now().Add(s.options.TokenTTL)}
	return http.StatusOK, map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int64(s.options.TokenTTL / time.Second),
	}
}

// RevokeTokens ends all bearer tokens.
func (s *Sandbox) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// opens says whether the password is this user's.
func (s *Sandbox) opens(user, password string) bool {
	if user == s.options.User {
		return same(password, s.options.Password)
	}
	theirs, known := s.options.Users[user]
	return known && same(password, theirs)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// authorise says who calls, by HTTP basic or by a bearer token.
func (s *Sandbox) authorise(r *http.Request) (user string, ok bool) {
	if user, password, basic := r.BasicAuth(); basic {
		return user, s.opens(user, password)
	}
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, known := s.tokens[token]
	if !known || !s.options.Now().Before(b.ends) {
		return "", false
	}
	return b.user, true
}

// turnAway answers a caller who is not let in.
func turnAway(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="sandbox"`)
	w.WriteHeader(http.StatusUnauthorized)
}
