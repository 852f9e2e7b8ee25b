// Package hostcall is what the clients of providers have in common: one HTTP call
// to a host that sells, of which it must be known whether anything of it may have
// left, and what belongs to such calls.
//
// It exists because one bit decides what becomes of a customer's money: a request
// of which no byte left was certainly not carried out, and any other may have
// been. Net/http does not say which it was; Send does. It sends once, follows no
// redirect, repeats nothing and reads no more than a bound.
//
// Tokens keeps a bearer token fresh. Share watches how many outcomes are unknown.
// Scrub and its sisters make a host's words fit for a log. NewTransport and BareURL
// are what a client is set up with.
//
// The package knows no provider: not what is said to a host, in which shape, nor
// what an answer means. Nothing in it decides whether a call may be repeated.
package hostcall
