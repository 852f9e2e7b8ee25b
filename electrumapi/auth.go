package electrumapi

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"spaza/hostcall"
	"spaza/secret"
)

// Bounds of what a token answer may claim.
const (
	defaultTokenTTL = time.Minute // where the answer does not say
	maxTokenTTL     = 24 * time.Hour
)

// basicAuth is the value of an Authorization header (RFC 7617).
func basicAuth(user string, password secret.Text) secret.Text {
	return secret.New("Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password.Reveal())))
}

// secrets are what the client sends in confidence, for scrubbing.
func (c *Client) secrets() []secret.Text {
	basic := secret.New(strings.TrimPrefix(c.basic.Reveal(), "Basic ")) // a host may repeat it alone
	return []secret.Text{c.options.Password, c.options.ClientSecret, basic}
}

// fetchToken asks for a token by the password grant (RFC 6749, 4.3), the client's own
// credentials in the header, which every such server must understand (2.3.1). Its errors
// hold nothing of the answer's body.
func (c *Client) fetchToken(ctx context.Context) (found secret.Text, ttl time.Duration, err error) {
	start := c.options.Now()
	defer func() {
		outcome := "ok"
		if err != nil {
			outcome = "failed"
		}
		c.options.Observe("token", outcome, c.options.Now().Sub(start))
	}()
	o := c.options
	form := url.Values{"grant_type": {"password"}, "username": {o.Username}, "password": {o.Password.Reveal()}}
	r, err := c.attempt(ctx, tokenEndpoint, hostcall.Call{
		Method: http.MethodPost, URL: c.bases[tokenEndpoint], Body: form.Encode(), ContentType: "application/x-www-form-urlencoded",
		Authorization: c.basic.Reveal(), Limit: maxAnswer,
	})
	switch {
	case err != nil:
		hidden := append(c.secrets(), secret.New(url.QueryEscape(o.Password.Reveal())))
		return secret.Text{}, 0, fmt.Errorf("%w: %w", ErrToken, hostcall.ScrubError(err, hidden))
	case r.Status == http.StatusBadRequest, r.Status == http.StatusUnauthorized, r.Status == http.StatusForbidden:
		return secret.Text{}, 0, fmt.Errorf("%w: HTTP %d", ErrCredentials, r.Status)
	case r.Status != http.StatusOK:
		return secret.Text{}, 0, fmt.Errorf("%w: HTTP %d", ErrToken, r.Status)
	}
	found, ttl, err = decodeToken(r.Body)
	if err != nil {
		return secret.Text{}, 0, fmt.Errorf("%w: %w", ErrToken, err)
	}
	return found, ttl, nil
}

// decodeToken reads the answer of the token endpoint (RFC 6749, 5.1).
func decodeToken(body []byte) (secret.Text, time.Duration, error) {
	wire, err := Decode[struct {
		AccessToken secret.Text `json:"access_token"`
		ExpiresIn   int64       `json:"expires_in"`
	}](secret.New(string(body)))
	if err != nil {
		return secret.Text{}, 0, err
	}
	found := wire.AccessToken
	if found.Empty() || found.Len() > 8<<10 || !hostcall.HeaderSafe(found.Reveal()) {
		return secret.Text{}, 0, errors.New("answer has no usable access_token")
	}
	if wire.ExpiresIn <= 0 {
		return found, defaultTokenTTL, nil
	}
	return found, time.Duration(min(wire.ExpiresIn, int64(maxTokenTTL/time.Second))) * time.Second, nil
}
