package flashapi_test

import (
	"context"
	"errors"
	"fmt"

	"spaza/flashapi"
)

func ExampleClient_PurchaseVoucher() {
	c, stop := simulator()
	defer stop()

	sale, err := c.PurchaseVoucher(context.Background(), flashapi.VoucherPurchase{Reference: "TILL7-000201", Amount: 20_00}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Reveal shows the PIN, to nobody but the customer.
	fmt.Println(sale.Voucher.Amount, sale.Voucher.Status, len(sale.Voucher.PIN.Reveal()), "digits")

	// The customer walks away before it is handed over.
	undone, err := c.ReverseVoucher(context.Background(), flashapi.VoucherReverse{
		Reference: "TILL7-000202", Original: "TILL7-000201",
	}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("back:", undone.Amount, undone.Voucher.Status)

	// Once is enough, and a second time is no failure.
	undone, err = c.ReverseVoucher(context.Background(), flashapi.VoucherReverse{
		Reference: "TILL7-000203", Original: "TILL7-000201",
	}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("already:", undone.Already)
	// Output:
	// 2000 Active 16 digits
	// back: 2000 Reversed
	// already: true
}

// Paid, and not had: the same request again brings what is owed.
func ExampleError_owed() {
	c, stop := simulator()
	defer stop()

	// By these cents the simulator forgets the voucher the first time.
	voucher := flashapi.VoucherDisburse{Reference: "TILL7-000204", Amount: 20_14}
	_, err := c.DisburseVoucher(context.Background(), voucher, flashapi.First)
	if e := new(flashapi.Error); errors.As(err, &e) {
		fmt.Println("refused:", e.Refused, "owed:", e.Owed)
	}
	sale, err := c.DisburseVoucher(context.Background(), voucher, flashapi.Again)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("had:", sale.Amount, !sale.Voucher.PIN.Empty())
	// Output:
	// refused: false owed: true
	// had: 2014 true
}

func ExampleClient_PurchaseGift() {
	c, stop := simulator()
	defer stop()

	sale, err := c.PurchaseGift(context.Background(), flashapi.GiftPurchase{
		Reference: "TILL7-000205", Amount: 200_00, Barcode: "2900000005020",
		Till: flashapi.Till{StoreID: "SHOP12", TerminalID: "TILL7"},
	}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sale.Voucher.Barcode, sale.Voucher.Amount, sale.Voucher.PIN)
	// Output:
	// 2900000005020 20000 [secret]
}

func ExampleClient_PurchaseCashOut() {
	c, stop := simulator()
	defer stop()
	ctx := context.Background()

	sale, err := c.PurchaseCashOut(ctx, flashapi.CashOutPurchase{Reference: "TILL7-000206", Amount: 300_00, ProductCode: "601"}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	serial := sale.Voucher.SerialNumber
	look := func(reference string) {
		pin, err := c.LookupCashOut(ctx, flashapi.CashOutLookup{Reference: reference, SerialNumber: serial, ProductCode: "601"})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(pin.Voucher.Amount, pin.Voucher.Status)
	}
	look("TILL7-000207")
	if _, err := c.CancelCashOut(ctx, flashapi.CashOutCancel{Reference: "TILL7-000208", SerialNumber: serial, ProductCode: "601"}, flashapi.First); err != nil {
		fmt.Println(err)
		return
	}
	look("TILL7-000209")
	// Output:
	// 30000 Active
	// 30000 Cancelled
}

func ExampleClient_RedeemExclusivePart() {
	c, stop := simulator()
	defer stop()
	ctx := context.Background()

	sale, err := c.PurchaseExclusive(ctx, flashapi.ExclusivePurchase{Reference: "TILL7-000210", Amount: 500_00, ProductCode: "701"}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := c.RedeemExclusivePart(ctx, flashapi.ExclusiveRedeemPart{
		Reference: "TILL7-000211", PIN: sale.Voucher.PIN, Amount: 320_00, ProductCode: "701",
	}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("paid:", r.Amount, "change:", r.Change.Amount)

	// It is no 1Voucher, though its PIN looks like one.
	_, err = c.RedeemFull(ctx, flashapi.RedeemFull{Reference: "TILL7-000212", PIN: r.Change.PIN}, flashapi.First)
	if e := new(flashapi.Error); errors.As(err, &e) {
		fmt.Println(e.Code, e.Reason)
	}
	// Output:
	// paid: 32000 change: 18000
	// 2402 voucher_not_found
}

func ExampleClient_PurchaseFlashToken() {
	c, stop := simulator()
	defer stop()

	sale, err := c.PurchaseFlashToken(context.Background(), flashapi.FlashTokenPurchase{Reference: "TILL7-000213", Amount: 50_00}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sale.Voucher.Amount, sale.Voucher.PIN)
	undone, err := c.ReverseFlashToken(context.Background(), flashapi.FlashTokenReverse{
		Reference: "TILL7-000214", Original: "TILL7-000213",
	}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(undone.Amount, undone.Already)
	// Output:
	// 5000 [secret]
	// 5000 false
}

func ExampleClient_PurchaseEezi() {
	c, stop := simulator()
	defer stop()

	sale, err := c.PurchaseEezi(context.Background(), flashapi.EeziPurchase{Reference: "TILL7-000215", Amount: 29_00, ProductCode: "301"}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sale.Voucher.Amount, sale.Voucher.Instructions.Reveal())

	// An article of one price has no other.
	_, err = c.PurchaseEezi(context.Background(), flashapi.EeziPurchase{Reference: "TILL7-000216", Amount: 30_00, ProductCode: "301"}, flashapi.First)
	if e := new(flashapi.Error); errors.As(err, &e) {
		fmt.Println(e.Class, e.Reason, "refused:", e.Refused)
	}
	// Output:
	// 2900 Dial *135*PIN# and press call.
	// user_input amount refused: true
}
