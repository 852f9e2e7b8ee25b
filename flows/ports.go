package flows

import (
	"context"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// Till sells, takes vouchers in and gives balance back; vend.Service is one.
type Till interface {
	Buy(ctx context.Context, p vend.Purchase) (vend.Order, error)
	Redeem(ctx context.Context, r vend.Redemption) (vend.Order, error)
	Refund(ctx context.Context, r vend.Refund) (vend.Order, error)
	// Join waits for news of an order; vend.ErrNoOrder when there is none.
	Join(ctx context.Context, ref string) (vend.Order, error)
	Order(ctx context.Context, ref string) (vend.Order, error)
	// Goods opens what an order brought; vend.ErrNoGoods when there is nothing.
	Goods(o vend.Order) (vend.Goods, error)
	// MaySpend is the *vend.LimitError in which buying would end now. What is
	// bought decides: a nil is no promise.
	MaySpend(ctx context.Context, msisdn string, k vend.Kind, amount ledger.Cents) error
	// MostAtOnce is the most that one sale of a kind may cost; zero is no limit.
	MostAtOnce(k vend.Kind) ledger.Cents
	// Fund is whose money pays.
	Fund() vend.Fund
	// Sells says that anybody sells this kind at all; what nobody sells is not on
	// the menus.
	Sells(k vend.Kind) bool
}

// Purse knows what a customer has.
type Purse interface {
	Balance(ctx context.Context, msisdn string) (vend.Balance, error)
}

// Shelf knows what is on sale; vend.Shelf is one.
type Shelf interface {
	Airtime() []vend.Network
	Network(id string) (vend.Network, bool)
	// Of lists what is on sale of a kind, by vendor and price.
	Of(k vend.Kind) []vend.Product
	Product(k vend.Kind, code string) (vend.Product, bool)
}

// Members knows the customers.
type Members interface {
	// Caller is who is calling, and what they bought last; zero for a stranger.
	Caller(ctx context.Context, msisdn string) (vend.Caller, error)
	SetLanguage(ctx context.Context, msisdn, language string) error
	// Regulars are what a customer has bought for, newest first, at most n.
	Regulars(ctx context.Context, msisdn string, n int, kinds ...vend.Kind) ([]vend.Regular, error)
	NameRegular(ctx context.Context, msisdn string, k vend.Kind, target, nickname string) error
	ForgetRegular(ctx context.Context, msisdn string, k vend.Kind, target string) error
}

// History tells customers of their own orders.
type History interface {
	// Recent lists the orders of a customer, newest first, at most n.
	Recent(ctx context.Context, msisdn string, n int) ([]vend.Order, error)
	// SendAgain has the message of a finished order sent once more.
	SendAgain(ctx context.Context, msisdn, ref string) error
}

// Desk asks the provider about meters and accounts.
type Desk interface {
	AskMeter(ctx context.Context, msisdn, meter string, amount ledger.Cents, free bool) (vend.Meter, error)
	AskAccount(ctx context.Context, msisdn, account string) (vend.Account, error)
}

// Locks keeps the PINs with which customers protect their money.
type Locks interface {
	PIN(ctx context.Context, msisdn string) (vend.PINState, error)
	CheckPIN(ctx context.Context, msisdn string, pin secret.Text) error
	SetPIN(ctx context.Context, msisdn string, old, chosen secret.Text) error
	RemovePIN(ctx context.Context, msisdn string, old secret.Text) error
}
