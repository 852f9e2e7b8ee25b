package telemetry

import (
	"strings"

	"spaza/secret"
)

// hides says whether a name (of an attribute, a field, a map key, a parameter)
// promises something confidential, or words that a customer typed or read.
// Names are compared word by word: api_key, apiKey, APIKey and X-Api-Key are
// the same, and monkey is none of them.
func hides(name string) bool {
	var word [24]byte
	n, found := 0, false
	for i := 0; i <= len(name); i++ {
		var c byte
		if i < len(name) {
			c = name[i]
		}
		ends := !letter(c) || n > 0 && upper(c) && (lower(name[i-1]) || startsWord(name[i:]))
		if ends && n > 0 {
			switch w := string(word[:n]); w {
			case "url", "kind", "status", "len", "length", "count", "age", "ttl", "expires", "ms":
				// Said of a secret, not the secret itself.
				found = false
			default:
				found = found || confidential(w)
			}
			n = 0
		}
		if letter(c) && n < len(word) {
			word[n] = c | 0x20
			n++
		}
	}
	return found
}

// startsWord says whether s, which begins with a capital and follows one, begins
// another word: the K of APIKey does, the N of PINs does not.
func startsWord(s string) bool {
	if len(s) < 2 || !lower(s[1]) {
		return false
	}
	return s[1] != 's' || len(s) > 2 && lower(s[2])
}

func upper(c byte) bool { return c-'A' <= 'Z'-'A' }
func lower(c byte) bool { return c-'a' <= 'z'-'a' }

// confidential judges one word in lower case.
func confidential(word string) bool {
	switch word {
	case "pin", "pins", "pincode", "otp", "key", "keys", "tokens", "auth", "authorization", "cookie",
		"password", "passwd", "passphrase", "pwd", "secrets", "credential", "credentials", "bearer", "dsn",
		"text", "body", "payload", "input", "screen", "sealed":
		return true
	}
	for _, end := range [...]string{"token", "secret", "password", "apikey", "voucherpin"} {
		if strings.HasSuffix(word, end) {
			return true
		}
	}
	return false
}

// maskPairs replaces the values in s that a confidential name stands before:
// name=value, "name":"value", name:value. A name, a colon and a space begin a
// sentence more often than a pair ("refresh token: connection refused"), so
// there the value must begin with a digit or a quote.
func maskPairs(s string) string {
	var b strings.Builder
	last := 0
	for i := 0; i < len(s); i++ {
		if from, to, found := namedValue(s, i); found {
			b.WriteString(s[last:from])
			b.WriteString(secret.Redacted)
			last, i = to, to-1
		}
	}
	if last == 0 {
		return s
	}
	b.WriteString(s[last:])
	return b.String()
}

// namedValue finds the value behind the '=' or ':' at s[i], when the name before
// it is confidential.
func namedValue(s string, i int) (from, to int, found bool) {
	if s[i] != '=' && s[i] != ':' {
		return 0, 0, false
	}
	end := i
	quoted := end > 0 && (s[end-1] == '"' || s[end-1] == '\'')
	if quoted {
		end--
		if end > 0 && s[end-1] == '\\' {
			end--
		}
	}
	start := end
	for start > 0 && (letter(s[start-1]) || digit(s[start-1]) || s[start-1] == '_' || s[start-1] == '-') {
		start--
	}
	if !hides(s[start:end]) {
		return 0, 0, false
	}
	from = i + 1
	for from < len(s) && (s[from] == ' ' || s[from] == '=') {
		from++
	}
	if from == len(s) {
		return 0, 0, false
	}
	spaced := s[from-1] == ' '
	if spaced && s[i] == ':' && !quoted && !digit(s[from]) && s[from] != '"' && s[from] != '\'' {
		return 0, 0, false
	}
	from, to = valueSpan(s, from)
	return from, to, from < to && !strings.HasPrefix(s[from:], secret.Redacted)
}

// valueSpan returns where the value that begins at from has its text: inside its
// quotes, through its matching bracket, or to the next delimiter. A scheme in
// front ("Basic dXNlcg==") belongs to the value.
func valueSpan(s string, from int) (int, int) {
	if s[from] == '\\' && from+1 < len(s) {
		from++
	}
	if q := s[from]; q == '"' || q == '\'' {
		for to := from + 1; to < len(s); to++ {
			if s[to] == q && (s[to-1] != '\\' || from > 0 && s[from-1] == '\\') {
				if s[to-1] == '\\' {
					to--
				}
				return from + 1, to
			}
		}
		return from + 1, len(s)
	}
	if strings.HasPrefix(s[from:], secret.Redacted) {
		return from, from
	}
	for _, scheme := range [...]string{"bearer ", "basic "} {
		if foldPrefix(s[from:], scheme) {
			_, to := bareSpan(s, from+len(scheme))
			return from, to
		}
	}
	return bareSpan(s, from)
}

func bareSpan(s string, from int) (int, int) {
	depth := 0
	for to := from; to < len(s); to++ {
		switch s[to] {
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			if depth--; depth < 0 {
				return from, to
			}
		case ' ', '\t', '\n', '\r', ',', ';', '&', '"', '\'':
			if depth == 0 {
				return from, to
			}
		}
	}
	return from, len(s)
}
