// Package secret holds the one type in which anything confidential travels:
// voucher PINs, tokens, wallet PINs, API keys, and the request bodies that
// contain them.
//
// It exists so that forgetting is safe. A Text printed, logged, marshalled,
// wrapped into an error or dumped by a debugger says "[secret]"; reading it
// takes a call to Reveal, which is easy to find in a review. What must be kept
// is sealed by a Keyring, and what must only be recognised again is hashed by
// it.
//
// The package knows nothing of what its secrets are for.
package secret
