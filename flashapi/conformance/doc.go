// Package conformance judges a server that claims to speak the Flash Partner
// API v4: the vendor's own sandbox, an operator's host, a simulator. It knows
// the document (revision 3.0 of 1 May 2025) and plain HTTP, and shares no code
// with any client or server, so that one misreading cannot hide another.
//
// # The life of a run
//
// Run refuses a target that it must not touch, then makes one check after the
// other. A check is a name that stays the same between releases, the section of
// the document that it rests on, and a few requests. What it finds is one of
//
//	pass     the server does what the document says
//	fail     it does not: what was expected, and what came
//	skipped  it was not tried, and why: the fixture lacks something, or it costs money
//	unclear  the document leaves it open: what this server does is written down
//
// A server that answers no request at all is not judged: see ErrUnreached.
//
// What the document leaves open is asked by many checks on their way; the
// answers are in Report.Answers, and are what an integrator should read first.
//
// # Money
//
// On a real host a purchase is a purchase. Without Options.AllowSpending only
// lookups, lists and refusals are tried, and every request to an operation that
// moves money asks for something that does not exist or for nothing, so that a
// server which fails to refuse it does no harm either. With it, every sale is
// counted against Options.SpendLimit before it is asked for. The production host
// is refused unless Options.AllowProduction says otherwise.
//
// # What is tried with
//
// A Fixture names the products, meters, accounts and numbers of one server. What
// it lacks is skipped with the reason. Simulator is the fixture of the simulator
// that comes with this repository.
//
// # Secrets
//
// PINs, tokens and the API key never reach a report: every word that came from a
// server is scrubbed of them and of all long numbers before it is kept.
package conformance
