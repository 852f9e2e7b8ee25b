package sandbox

import (
	"strconv"
	"strings"
)

func (s *Sandbox) giftRoutes() { s.post("gift-voucher/purchase", s.readGift) }

// readGift understands the purchase of a gift voucher (section 2.4.1), which is
// named by its product code or by its barcode, never by both.
func (s *Sandbox) readGift(f *fields) (work, *refusal) {
	job := work{head: f.head(), amount: f.whole("amount")}
	product, barcode := f.product(false), f.barcode()
	f.alphanumeric("paymentMethod")
	f.till(job.head)
	switch {
	case product != "" && barcode != "":
		f.wrong = true
	case product == "" && barcode == "":
		f.missing = true
	}
	if no := f.refusal(); no != nil {
		return job, no
	}
	if barcode != "" {
		product = s.productOf(barcode)
	}
	return s.saleOf(job, product, groupGift), nil
}

// barcode reads an EAN, as number or as text; empty for none.
func (f *fields) barcode() string {
	s := strings.Trim(string(f.take("barcode", false)), `"`)
	f.wrong = f.wrong || strings.Trim(s, "0123456789") != ""
	return s
}

// productOf finds the product with a barcode; "0", which no product has, for none.
func (s *Sandbox) productOf(barcode string) string {
	for _, a := range s.catalogue {
		if a.barcode == barcode {
			return strconv.FormatInt(a.code, 10)
		}
	}
	return "0"
}
