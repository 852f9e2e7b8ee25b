package sandbox

// shopID is the institution that the vouchers are got from.
const shopID = "GIFTSHOPS"

// gift is a product of the voucher interface. Its voucher is worth the price,
// in cents: min and max are one where the product has one price.
type gift struct {
	id       string // productId, at most 20 letters and digits
	name     string // at most 40
	shop     string
	barcode  string
	min, max int64
	pin      bool // its vouchers have a PIN besides the code
}

// gifts are the products, of shops that do not exist. Their barcodes are of the
// range that every shop may use for itself.
func gifts() []gift {
	return []gift{
		{id: "GAMESTORE50", name: "Game Store Gift Voucher", shop: "Game Store", barcode: "2900000005013", min: 50_00, max: 50_00},
		{id: "GAMESTORE200", name: "Game Store Gift Voucher R200", shop: "Game Store", barcode: "2900000005020", min: 200_00, max: 200_00},
		{id: "KWELAMUSIC1", name: "Kwela Music Month", shop: "Kwela Music", barcode: "2900000005037", min: 59_99, max: 59_99},
		{id: "BAOBABFILMS99", name: "Baobab Films Gift Card", shop: "Baobab Films", barcode: "2900000005044", min: 99_00, max: 99_00, pin: true},
		{id: "PROTEAFASHION", name: "Protea Fashion Gift Voucher", shop: "Protea Fashion", barcode: "2900000005051", min: 50_00, max: 2000_00},
		{id: "MARULAMARKET", name: "Marula Market Grocery Voucher", shop: "Marula Market", barcode: "2900000005068", min: 20_00, max: 5000_00},
	}
}

// fixed says whether the product has one price.
func (g gift) fixed() bool { return g.min == g.max }

// wire is a product as the catalogue tells it (SUV v1, Product, and the fields
// that later versions added).
func (g gift) wire() map[string]any {
	p := map[string]any{
		"productId": g.id, "barcode": g.barcode, "name": g.name, "isFixedValue": g.fixed(),
		"description": "Good at " + g.shop + " for three years.", "receiver": map[string]any{"id": shopID, "name": g.shop},
	}
	if g.fixed() {
		p["amount"] = inRands(g.min)
	} else {
		p["minAmount"], p["maxAmount"] = inRands(g.min), inRands(g.max)
	}
	return p
}

// redeemLines are what is printed for the customer.
func (g gift) redeemLines() []string {
	if g.shop == "" {
		return []string{"Give the code at the till."}
	}
	return []string{"Enter the code in the app of " + g.shop, "or give it at the till."}
}
