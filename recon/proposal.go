package recon

import (
	"crypto/sha256"
	"strconv"

	"spaza/ledger"
)

// Action is what a proposal would have done.
type Action string

// The actions. None takes money from a customer but the price that is on hold.
const (
	// ResolveVended ends an order as delivered: the hold is spent, or the
	// customer credited with Amount for a voucher.
	ResolveVended Action = "resolve_vended"
	// ResolveNotVended ends an order as not delivered: the hold goes back.
	ResolveNotVended Action = "resolve_not_vended"
	// ResolveAtLoss ends a refused order as delivered after all. The customer
	// has the money back and keeps it; the price is the operator's loss.
	ResolveAtLoss Action = "resolve_vended_at_loss"
	// GiveBack returns the price of a sale that the provider has undone.
	GiveBack Action = "give_back"
	// BookAside books a voucher that the provider took in and nobody here
	// knows: the money waits, in suspense, for whose it is.
	BookAside Action = "book_aside"
)

// Says is the action in plain words.
func (a Action) Says() string {
	switch a {
	case ResolveVended:
		return "resolve as vended"
	case ResolveNotVended:
		return "resolve as not vended"
	case ResolveAtLoss:
		return "resolve as vended, at the operator's loss"
	case GiveBack:
		return "give the money back to the customer"
	case BookAside:
		return "book the voucher's value aside, in suspense"
	}
	return ""
}

// Proposal is one thing to be done, if a person confirms it.
type Proposal struct {
	// ID is the same in every run that finds the same to be done: it is made of
	// the action, the reference and the amount.
	ID     string `json:"id"`
	Action Action `json:"action"`
	// Ref is the order's reference; for BookAside the line's, or the
	// provider's where the line has none of ours.
	Ref string `json:"reference"`
	// ProviderRef is the provider's, as the file has it.
	ProviderRef string `json:"provider_reference,omitempty"`
	// Was is Ours.State as it was compared: an order that has moved since must
	// be left alone.
	Was string `json:"was,omitempty"`
	// Amount is what the action moves; zero for a voucher that was not taken
	// in.
	Amount ledger.Cents `json:"amount_cents"`
	// Evidence is what the file says, for the record.
	Evidence string `json:"evidence"`
}

// idLength in letters of 5 bits.
const idLength = 10

func proposalID(a Action, ref string, amount ledger.Cents) string {
	const letters = "23456789abcdefghijkmnpqrstuvwxyz"
	sum := sha256.Sum256([]byte(string(a) + "\x00" + ref + "\x00" + strconv.FormatInt(int64(amount), 10)))
	id := make([]byte, idLength)
	for i := range id {
		id[i] = letters[sum[i]&31]
	}
	return string(id)
}

// plain says whether a reference of a file may become one in our books: the
// letters that references are made of, and no more than fit.
func plain(ref string) bool {
	if len(ref) > maxShown {
		return false
	}
	for _, r := range ref {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '=' && r != '_' {
			return false
		}
	}
	return true
}
