package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// opProducts is what the control endpoint calls the three lists.
const opProducts = "accounts/products"

func (s *Sandbox) accountRoutes() {
	list := s.faulty(opProducts, s.ofAccount(apiPath, s.products))
	s.mux.HandleFunc("GET "+apiPath+"accounts/{account}/products", list)
	s.mux.HandleFunc("GET "+apiPath+"accounts/{account}/products/{selection}", list)
}

// ofAccount lets requests about the one account through, with their path below
// base.
func (s *Sandbox) ofAccount(base string, serve func(w http.ResponseWriter, r *http.Request, path string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, base)
		if no := s.authorise(r); no != nil {
			s.refuse(w, path, "", *no)
			return
		}
		if r.PathValue("account") != s.options.Account {
			s.refuse(w, path, "", refusal{code: 2202})
			return
		}
		serve(w, r, path)
	}
}

// products answers the three product lists (sections 2.2.1 to 2.2.3).
func (s *Sandbox) products(w http.ResponseWriter, r *http.Request, path string) {
	selection := r.PathValue("selection")
	list := []map[string]any{}
	for _, a := range s.catalogue {
		if selection == "" || strings.EqualFold(selection, a.group) || selection == strconv.FormatInt(a.code, 10) {
			list = append(list, a.wire())
		}
	}
	if len(list) == 0 {
		s.refuse(w, path, "", refusal{code: 2101})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"responseCode": 0, "responseMessage": "Success", "products": list})
}
