package sandbox

import (
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"net/http"
	"strings"
	"time"

	"spaza/simulator"
)

// opToken is what the control endpoint calls the token endpoint.
const opToken = "token"

func (s *Sandbox) tokenRoutes() { s.mux.HandleFunc("POST /token", s.faulty(opToken, s.token)) }

// token hands out an access token for the API key (section 1.1).
func (s *Sandbox) token(w http.ResponseWriter, r *http.Request) {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Basic ")
	if !ok || subtle.ConstantTimeCompare([]byte(key), []byte(s.options.APIKey)) != 1 {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	if r.ParseForm() != nil || r.PostForm.Get("grant_type") != "client_credentials" {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": s.issueToken(), "scope": "am_application_scope default",
		"token_type": "Bearer", "expires_in": int(s.options.TokenTTL / time.Second),
	})
}

func (s *Sandbox) issueToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := hex.EncodeToString(simulator.Bytes(s.options.Random, 16))
	now := s.options.Now()
	maps.DeleteFunc(s.tokens, func(_ string, end time.Time) bool { return !now.Before(end) })
	s.tokens[token] = now.Add(s.options.TokenTTL)
	return token
}

// RevokeTokens ends all tokens, as an operator at the host might.
func (s *Sandbox) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// authorise checks the bearer token of an API call.
func (s *Sandbox) authorise(r *http.Request) *refusal {
	header := r.Header.Get("Authorization")
	if header == "" {
		return &refusal{code: 3701}
	}
	token, bearer := strings.CutPrefix(header, "Bearer ")
	switch {
	case header == "Bearer" || (bearer && strings.TrimSpace(token) == ""):
		return &refusal{code: 3702}
	case !bearer || strings.ContainsAny(token, " \t"):
		return &refusal{code: 3703}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if end, known := s.tokens[token]; !known || !s.options.Now().Before(end) {
		return &refusal{code: 3704}
	}
	return nil
}

// unstored forbids to keep the answer, as the host does.
func unstored(w http.ResponseWriter) http.ResponseWriter {
	w.Header().Set("Cache-Control", "no-store")
	return w
}

func writeJSON(w http.ResponseWriter, status int, v any) { simulator.WriteJSON(unstored(w), status, v) }

func writeBytes(w http.ResponseWriter, status int, b []byte) { simulator.Write(unstored(w), status, b) }
