package flashapi_test

import (
	"testing"

	"spaza/flashapi"
	"spaza/test/provider"
	"spaza/vend"
)

// TestTheProviderKeepsItsContractBehindRoutes: the contract is that of whoever is behind
// them, alone and unnamed, or as the second with a name of its own.
func TestTheProviderKeepsItsContractBehindRoutes(t *testing.T) {
	behind := func(t *testing.T, p vend.Provider, name string) vend.Provider {
		t.Helper()
		r, err := vend.NewRoutes([]vend.Seller{{Name: name, Provider: p}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, name := range []string{"", "second"} {
		t.Run("called "+name, func(t *testing.T) {
			provider.Run(t, func(t *testing.T) provider.Bench {
				t.Helper()
				b := flashBench(flashapi.Revision2025)(t)
				b.Provider = behind(t, b.Provider, name)
				unreachable, sale, refused := b.Unreachable, b.Sale, b.Refused
				b.Unreachable = func() vend.Provider { return behind(t, unreachable(), name) }
				mark := func(s vend.Sale) vend.Sale {
					if name != "" && s.Product != "" {
						s.Product += "@" + name
					}
					return s
				}
				b.Sale = func(k vend.Kind) vend.Sale { return mark(sale(k)) }
				b.Refused = func(k vend.Kind) (vend.Sale, vend.Reason, bool) {
					s, why, is := refused(k)
					return mark(s), why, is
				}
				return b
			})
		})
	}
}
