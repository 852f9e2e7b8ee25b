package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

func (s *Sandbox) accountRoutes() {
	s.mux.HandleFunc("GET "+apiPath+"accounts/{account}/products", s.products)
	s.mux.HandleFunc("GET "+apiPath+"accounts/{account}/products/{selection}", s.products)
}

// article is one product of the catalogue.
type article struct {
	code     int64
	name     string
	min, max int64 // cents
	supplier string
	vendor   string
	group    string
	fixed    bool
	reversal bool
}

// The groups, as section 2.2.3 names them.
const (
	groupVoucher  = "1Voucher"
	groupCellular = "Cellular"
	groupEezi     = "Eezi Vouchers"
	groupUtility  = "Prepaid Utilities"
	groupGift     = "Gift Vouchers"
)

// catalogue is what the account may sell.
func catalogue() []article {
	return []article{
		{code: 1, name: "1Voucher", min: 5_00, max: 4000_00, supplier: "Flash", vendor: "1Voucher", group: groupVoucher, reversal: true},

		{code: 101, name: "Vodacom Airtime", min: 2_00, max: 1000_00, supplier: "Vodacom", vendor: "Vodacom", group: groupCellular},
		{code: 102, name: "MTN Airtime", min: 5_00, max: 1000_00, supplier: "MTN", vendor: "MTN", group: groupCellular},
		{code: 103, name: "Cell C Airtime", min: 5_00, max: 1000_00, supplier: "Cell C", vendor: "Cell C", group: groupCellular},
		{code: 104, name: "Telkom Airtime", min: 5_00, max: 1000_00, supplier: "Telkom", vendor: "Telkom Mobile", group: groupCellular},

		{code: 201, name: "Vodacom 100MB Daily Data", min: 10_00, max: 10_00, supplier: "Vodacom", vendor: "Vodacom", group: groupCellular, fixed: true},
		{code: 202, name: "Vodacom 1GB 30 Day Data", min: 85_00, max: 85_00, supplier: "Vodacom", vendor: "Vodacom", group: groupCellular, fixed: true},
		{code: 203, name: "MTN 500MB Weekly Data", min: 30_00, max: 30_00, supplier: "MTN", vendor: "MTN", group: groupCellular, fixed: true},
		{code: 204, name: "MTN 1GB 30 Day Data", min: 79_00, max: 79_00, supplier: "MTN", vendor: "MTN", group: groupCellular, fixed: true},
		{code: 205, name: "Cell C 1GB 30 Day Data", min: 85_00, max: 85_00, supplier: "Cell C", vendor: "Cell C", group: groupCellular, fixed: true},
		{code: 206, name: "Telkom 1GB 30 Day Data", min: 69_00, max: 69_00, supplier: "Telkom", vendor: "Telkom Mobile", group: groupCellular, fixed: true},
		{code: 207, name: "Vodacom 50 SMS Bundle", min: 12_00, max: 12_00, supplier: "Vodacom", vendor: "Vodacom", group: groupCellular, fixed: true},

		{code: 301, name: "Vodacom Airtime Voucher R29", min: 29_00, max: 29_00, supplier: "Vodacom", vendor: "Vodacom", group: groupEezi, fixed: true, reversal: true},
		{code: 302, name: "MTN Airtime Voucher R30", min: 30_00, max: 30_00, supplier: "MTN", vendor: "MTN", group: groupEezi, fixed: true, reversal: true},
		{code: 401, name: "Prepaid Electricity", min: 10_00, max: 5000_00, supplier: "Flash", vendor: "Electricity", group: groupUtility},
		{code: 501, name: "Game Store Gift Voucher", min: 50_00, max: 50_00, supplier: "Flash", vendor: "Game Store", group: groupGift, fixed: true},
	}
}

// articleByCode finds a product of a group.
func articleByCode(code, group string) (article, bool) {
	for _, a := range catalogue() {
		if strconv.FormatInt(a.code, 10) == code && a.group == group {
			return a, true
		}
	}
	return article{}, false
}

// products answers the three product lists (sections 2.2.1 to 2.2.3).
func (s *Sandbox) products(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, apiPath)
	if no := s.authorise(r); no != nil {
		s.refuse(w, path, "", *no)
		return
	}
	if r.PathValue("account") != s.options.Account {
		s.refuse(w, path, "", refusal{code: 2202})
		return
	}
	selection := r.PathValue("selection")
	list := []map[string]any{}
	for _, a := range catalogue() {
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

func (a article) wire() map[string]any {
	return map[string]any{
		"productCode": a.code, "productName": a.name, "minimumAmount": a.min, "maximumAmount": a.max,
		"status": "Active", "supplierName": a.supplier, "vendor": a.vendor, "productGroup": a.group,
		"barcode": "", "billerCode": "", "productType": 0, "allowReversal": a.reversal, "fixedAmount": a.fixed,
		"content": map[string]string{"redemptionInstructions": "", "termsAndConditions": ""},
	}
}
