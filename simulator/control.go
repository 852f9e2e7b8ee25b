package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// The bounds of what a control endpoint takes.
const (
	MaxControl = 4 << 10          // bytes of a body
	MaxFloat   = 1_000_000_000_00 // cents
)

// Order does what the control endpoint is asked for. It returns the HTTP status
// and what is answered as JSON; or, with the status, an error to be told instead.
type Order func(*http.Request) (status int, answer any, err error)

// Control serves an order to those who test. It needs no credentials, but a web
// page of another origin, or under a name that is not one of hosts, an address in
// figures or localhost, gets 403. The order's body is cut at MaxControl.
func Control(hosts []string, order Order) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, answer := http.StatusForbidden, any(nil)
		err := admit(r, hosts)
		if err == nil {
			r.Body = http.MaxBytesReader(w, r.Body, MaxControl)
			status, answer, err = order(r)
		}
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		WriteJSON(w, status, answer)
	}
}

// admit refuses what a web page of elsewhere could make a browser send: by
// another origin, or by a name of its own that points here.
func admit(r *http.Request, hosts []string) error {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	_, notFigures := netip.ParseAddr(host)
	if notFigures != nil && host != "localhost" && !slices.Contains(hosts, host) {
		return errors.New("this host name is not allowed to control the simulator")
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		if u, err := url.Parse(origin); err != nil || !strings.EqualFold(u.Host, r.Host) {
			return errors.New("pages of another origin cannot control the simulator")
		}
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return errors.New("pages of another origin cannot control the simulator")
	}
	return nil
}

// ReadControl reads the body of an order strictly; an empty one only where that is
// said to be enough. With an error comes the HTTP status for it.
func ReadControl(r *http.Request, into any, emptyIsEnough bool) (status int, err error) {
	if !SaysJSON(r) {
		return http.StatusUnsupportedMediaType, errors.New("the content type must be application/json")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return http.StatusRequestEntityTooLarge, fmt.Errorf("the body cannot be read, or is longer than %d bytes", MaxControl)
	}
	text := strings.TrimSpace(string(body))
	if text == "" && emptyIsEnough {
		return http.StatusOK, nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if text == "null" {
		return http.StatusBadRequest, errors.New("the body must be a JSON object")
	}
	if err := d.Decode(into); err != nil {
		return http.StatusBadRequest, fmt.Errorf("the body is not as expected: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return http.StatusBadRequest, errors.New("something follows the body's JSON object")
	}
	return http.StatusOK, nil
}

// Quietly is an order that takes nothing and gives nothing.
func Quietly(do func()) Order {
	return func(r *http.Request) (int, any, error) {
		if status, err := ReadControl(r, &struct{}{}, true); err != nil {
			return status, nil, err
		}
		do()
		return http.StatusOK, struct{}{}, nil
	}
}

// SetFloat is the order to make the merchant's prepaid money so many cents.
func SetFloat(to func(cents int64)) Order {
	return func(r *http.Request) (int, any, error) {
		var wish struct {
			Cents *int64 `json:"cents"`
		}
		if status, err := ReadControl(r, &wish, false); err != nil {
			return status, nil, err
		}
		if wish.Cents == nil || *wish.Cents < 0 || *wish.Cents > MaxFloat {
			return http.StatusBadRequest, nil, fmt.Errorf("cents must be from 0 to %d", int64(MaxFloat))
		}
		to(*wish.Cents)
		return http.StatusOK, map[string]int64{"cents": *wish.Cents}, nil
	}
}
