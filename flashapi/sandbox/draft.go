package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// draftPath is where the draft of March 2023 has its operations. They move the
// same money, vouchers and references as those of the revision that is in
// force; what differs is named here. What the draft does not have is not found.
const draftPath = "/v4/"

func (s *Sandbox) draftRoutes() {
	list := s.faulty(opProducts, s.ofAccount(draftPath, s.draftProducts))
	s.mux.HandleFunc("GET "+draftPath+"accounts/{account}/products", list)
	s.mux.HandleFunc("GET "+draftPath+"accounts/{account}/products/{code}", list)

	bare := without("storeId", "terminalId", "paymentMethod")
	mount := func(op string, read reader, change func(*fields)) {
		s.postAt(draftPath, op, s.draft(read, change))
	}
	mount("1voucher/purchase", s.readVoucherSale(true), bare)
	mount("1voucher/disburse", s.readVoucherSale(false), bare)
	mount("1voucher/redeem", s.readRedeem, bare)
	mount("1voucher/refund", s.readRefund, bare)
	mount("gift-vouchers/purchase", s.readGift, s.draftGift)
	mount("cash-out-pin/purchase", s.readPurchase(groupCashOut), bare)
	mount("cash-out-pin/cancel", s.readCancel(groupCashOut), func(f *fields) {
		bare(f)
		f.rename("serial", "serialNumber") // the table's name, and the example's
	})
	mount("eezi-voucher/purchase", s.readPurchase(groupEezi), bare)
	s.postAt(draftPath, "cellular/pinless/purchase", s.readDraftPinless)
}

// draftRoutes mounts section 2.8 of the draft.
func (u *utilities) draftRoutes() {
	bare := without("storeId", "terminalId", "paymentMethod")
	u.s.postAt(draftPath, opUtilityLookup, u.s.draft(u.readLookup, bare))
	u.s.postAt(draftPath, opUtilityPurchase, u.s.draft(u.readDraftPurchase, bare))
}

// draft makes a reader of the draft from one of today's. change tells the
// properties apart before they are read.
func (s *Sandbox) draft(read reader, change func(*fields)) reader {
	return func(f *fields) (work, *refusal) {
		change(f)
		job, no := read(f)
		if no != nil {
			return job, no
		}
		job.head.store, job.head.terminal = "", "" // are not answered
		reference, run := job.head.reference, job.run
		job.run = func() (map[string]any, int64, *refusal) {
			own, moved, no := run()
			if no != nil {
				return nil, 0, no
			}
			own["transactionId"] = strconv.FormatInt(s.transactionID(reference), 10)
			if v, is := own["voucher"].(map[string]any); is {
				for _, later := range [...]string{"status", "redemptionDate", "barcode"} {
					delete(v, later)
				}
			}
			return own, moved, nil
		}
		return job, nil
	}
}

// without makes properties wrong that the draft does not have.
func without(names ...string) func(*fields) {
	return func(f *fields) {
		for _, name := range names {
			if _, given := f.left[name]; given {
				f.wrong = true
			}
		}
	}
}

// draftGift takes a barcode beside the product code, as long as both are of one
// product.
func (s *Sandbox) draftGift(f *fields) {
	without("paymentMethod")(f)
	if _, given := f.left["productCode"]; !given {
		f.missing = true
		return
	}
	code, barcode := strings.Trim(string(f.left["productCode"]), `"`), f.barcode()
	if barcode != "" && s.productOf(barcode) != code {
		f.wrong = true
	}
}

// readDraftPinless understands a recharge (the draft's section 2.6.1).
func (s *Sandbox) readDraftPinless(f *fields) (work, *refusal) {
	job, no := s.draft(s.readPinless, func(f *fields) {
		without("accountNumber", "storeId", "terminalId", "paymentMethod")(f)
		f.rename("subAccountNumber", "accountNumber")
	})(f)
	if no != nil || job.head.metadata == nil {
		return job, no
	}
	metadata, run := job.head.metadata, job.run
	job.head.metadata = nil
	job.run = func() (map[string]any, int64, *refusal) {
		own, moved, no := run()
		if no == nil {
			own["metaData"] = metadata // is answered by another name here only
		}
		return own, moved, no
	}
	return job, nil
}

// draftProducts answers the list, which is a bare array, and the look at one
// product, which is the product itself.
func (s *Sandbox) draftProducts(w http.ResponseWriter, r *http.Request, path string) {
	code := r.PathValue("code")
	list := []map[string]any{}
	for _, a := range s.catalogue {
		switch a.group {
		case groupVoucher, groupGift, groupCashOut, groupCellular, groupEezi, groupUtility:
		default:
			continue // came after the draft
		}
		if code == strconv.FormatInt(a.code, 10) {
			writeJSON(w, http.StatusOK, s.draftProduct(a))
			return
		}
		list = append(list, map[string]any{
			"productCode": a.code, "productName": a.name, "minimumAmount": a.min, "maximumAmount": a.max, "status": "Active",
		})
	}
	if code != "" {
		s.refuse(w, path, "", refusal{code: 2101})
		return
	}
	writeJSON(w, http.StatusOK, list)
}

// draftProduct is one product (the draft's section 3.1.2).
func (s *Sandbox) draftProduct(a article) map[string]any {
	const since = "2023-03-01T08:00:00.000Z"
	var supplier, vendor int // the places of their first products
	for i, other := range s.catalogue {
		if supplier == 0 && other.supplier == a.supplier {
			supplier = i + 1
		}
		if vendor == 0 && other.vendor == a.vendor {
			vendor = i + 1
		}
	}
	return map[string]any{
		"id": 10_000 + a.code, "productCode": a.code, "productName": a.name,
		"minimumAmount": a.min, "maximumAmount": a.max, "status": 1,
		"supplierName": a.supplier, "supplierCode": supplier, "vendorName": a.vendor, "vendorCode": vendor,
		"productType": 0, "productUPC": a.barcode, "productParameters": map[string]string{},
		"redemptionInstructions": a.howTo, "termsAndConditions": a.smallText,
		"created": since, "updated": since,
	}
}
