package channels

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"spaza/secret"
)

// header gives the value of a header of a request, empty where there is none,
// and all values of one that may be there more than once.
type header interface {
	Peek(name string) []byte
	PeekAll(name string) [][]byte
}

// gate checks who is at the guarded doors of a channel.
type gate struct {
	keyed bool
	key   [sha256.Size]byte
	allow []netip.Prefix // empty: from anywhere
}

func newGate(key secret.Text, allow []netip.Prefix) gate {
	return gate{keyed: !key.Empty(), key: sha256.Sum256([]byte(key.Reveal())), allow: allow}
}

// expects says whether a request may come from an address. sure is false where
// it is not known for certain to come from there.
func (g *gate) expects(from netip.Addr, sure bool) bool {
	return len(g.allow) == 0 || sure && within(g.allow, from)
}

// admits says whether a request may come in: with the key, or without a
// configured one from this machine; never sent by a web page of somebody else.
func (g *gate) admits(h header, query []byte, from netip.Addr) bool {
	if !sameSite(h) {
		return false
	}
	if !g.keyed {
		return from.IsLoopback() && namesThisMachine(string(h.Peek("Host"))) && !forwarded(h)
	}
	return g.fitsIn(h, query)
}

// fitsIn says whether the key is in a request, in one of the places for it.
func (g *gate) fitsIn(h header, query []byte) bool {
	raw, ok := queryKey(query)
	if !ok {
		return false
	}
	if g.fits(raw) {
		return true
	}
	// A plus in a key is a plus to who typed it into an address as it is.
	if bytes.ContainsAny(raw, "%+") {
		if plain, err := url.QueryUnescape(string(raw)); err == nil && g.fits([]byte(plain)) {
			return true
		}
	}
	return g.fits(basicPassword(h.Peek("Authorization")))
}

// fits compares in constant time: digests of equal lengths, so that not even
// the length of the key is told.
func (g *gate) fits(given []byte) bool {
	sum := sha256.Sum256(given)
	return subtle.ConstantTimeCompare(sum[:], g.key[:]) == 1 && len(given) > 0
}

// queryKey is the value of the parameter key as it is written; ok is false when
// there is more than one.
func queryKey(query []byte) (value []byte, ok bool) {
	found := false
	for pair := range bytes.SplitSeq(query, []byte("&")) {
		if v, is := bytes.CutPrefix(pair, []byte("key=")); is {
			if found {
				return nil, false
			}
			value, found = v, true
		}
	}
	return value, true
}

// basicPassword is the password of basic authentication, with any user name.
func basicPassword(authorization []byte) []byte {
	const scheme = "Basic "
	if len(authorization) < len(scheme) || !strings.EqualFold(string(authorization[:len(scheme)]), scheme) {
		return nil
	}
	b, err := base64.StdEncoding.AppendDecode(nil, authorization[len(scheme):])
	if err != nil {
		return nil
	}
	_, password, _ := bytes.Cut(b, []byte(":"))
	return password
}

// sameSite says whether a request was not sent by a web page of another site.
// A browser would add the password it remembers, or be on this machine; what is
// no browser sends neither header.
func sameSite(h header) bool {
	if site := h.Peek("Sec-Fetch-Site"); len(site) > 0 {
		return string(site) == "same-origin" || string(site) == "none"
	}
	origin := h.Peek("Origin")
	if len(origin) == 0 {
		return true
	}
	u, err := url.Parse(string(origin))
	return err == nil && u.Host != "" && u.Host == string(h.Peek("Host"))
}

// namesThisMachine says whether a Host header is an address or localhost, and
// not a name that anybody can register and make point here.
func namesThisMachine(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// forwarded says whether a proxy passed a request on: then it only looks as if
// it came from this machine.
func forwarded(h header) bool {
	for _, name := range [...]string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via"} {
		if len(h.PeekAll(name)) > 0 { // an empty one hides the next from Peek
			return true
		}
	}
	return false
}

// contradictsLength says whether the raw lines of a head give the end of the
// body twice, as a length and as chunks: two readers could see two requests.
func contradictsLength(head []byte) bool {
	var length, chunks bool
	for len(head) > 0 {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\n"))
		if len(line) == 0 || line[0]|0x20 != 'c' && line[0]|0x20 != 't' {
			continue
		}
		name, _, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			length = true
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunks = true
		}
	}
	return length && chunks
}
