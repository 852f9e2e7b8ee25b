package flashapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"spaza/hostcall"
	"spaza/secret"
)

// Bounds of what a token answer may claim. The document says 3600 seconds.
const (
	defaultTokenTTL = time.Minute // where the answer does not say
	maxTokenTTL     = 24 * time.Hour
)

// token gives a bearer token that is good now (section 1.1).
func (c *Client) token(ctx context.Context) (secret.Text, error) {
	token, err := c.tokens.Get(ctx)
	if errors.Is(err, hostcall.ErrRefused) {
		err = fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	return token, err
}

// fetchToken asks the token endpoint once. Its errors hold nothing of the
// answer's body.
func (c *Client) fetchToken(ctx context.Context) (token secret.Text, ttl time.Duration, err error) {
	start := c.options.Now()
	defer func() {
		outcome := "ok"
		if err != nil {
			outcome = "failed"
		}
		c.options.Observe(string(OpToken), outcome, c.since(start))
	}()
	a, err := c.attempt(ctx, laneToken, hostcall.Call{
		Method: http.MethodPost, URL: c.options.TokenURL,
		Body: "grant_type=client_credentials", ContentType: "application/x-www-form-urlencoded",
		Authorization: "Basic " + c.options.APIKey.Reveal(), Limit: maxAnswer,
	})
	switch {
	case err != nil:
		return secret.Text{}, 0, fmt.Errorf("%w: %w", ErrToken, hostcall.ScrubError(err, []secret.Text{c.options.APIKey}))
	case a.reading.status == http.StatusBadRequest || a.reading.status == http.StatusUnauthorized || a.reading.status == http.StatusForbidden:
		return secret.Text{}, 0, fmt.Errorf("%w: HTTP %d", ErrCredentials, a.reading.status)
	case a.reading.status != http.StatusOK:
		return secret.Text{}, 0, fmt.Errorf("%w: HTTP %d", ErrToken, a.reading.status)
	}
	token, ttl, err = decodeToken(a.reading.body)
	if err != nil {
		return secret.Text{}, 0, fmt.Errorf("%w: %w", ErrToken, err)
	}
	return token, ttl, nil
}

// decodeToken reads the answer of the token endpoint (section 1.1.1).
func decodeToken(body []byte) (secret.Text, time.Duration, error) {
	var wire struct {
		AccessToken pinText `json:"access_token"`
		TokenType   text    `json:"token_type"`
		ExpiresIn   whole   `json:"expires_in"`
	}
	if err := decodeObject(body, &wire); err != nil {
		return secret.Text{}, 0, err
	}
	token := wire.AccessToken.Text
	if token.Empty() || token.Len() > 8<<10 || !hostcall.HeaderSafe(token.Reveal()) {
		return secret.Text{}, 0, errors.New("answer has no usable access_token")
	}
	ttl := defaultTokenTTL
	if n := wire.ExpiresIn; n.present && !n.bad && n.n > 0 {
		ttl = min(time.Duration(min(n.n, int64(maxTokenTTL/time.Second)))*time.Second, maxTokenTTL)
	}
	return token, ttl, nil
}
