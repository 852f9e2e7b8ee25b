package flashapi

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"spaza/secret"
)

// BenchmarkOneCall compares a call by the client with one made by net/http bare,
// on the same socket.
func BenchmarkOneCall(b *testing.B) {
	answer := []byte(`{"responseCode":0,"responseMessage":"Success","reference":"` + testRef + `","transactionId":257901,"amount":1000,
		"rechargeDetails":{"rechargeType":"Airtime","callCentre":"082 111","rechargeVendor":"Vodacom"}}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			giveToken(w, testToken, 3600)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(answer)
	}))
	defer server.Close()
	c, err := New(Options{BaseURL: server.URL, APIKey: secret.New(testKey), AccountNumber: "1", Rate: 1e9, Burst: 1e9})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	m, err := c.Build(tenRand())
	if err != nil {
		b.Fatal(err)
	}

	b.Run("net-http", func(b *testing.B) {
		b.ReportAllocs()
		plain := &http.Client{Transport: c.owned}
		body := []byte(m.Body.Reveal())
		for b.Loop() {
			resp, err := plain.Post(server.URL+apiPath+string(m.Op), "application/json", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
	b.Run("client", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if v := Judge(m, c.Post(b.Context(), m), false); v.Settled != Happened {
				b.Fatalf("%+v", v)
			}
		}
	})
}
