// Package browser drives the browser handset in a real Chromium against the
// real binary.
//
// It is a module of its own, so that a browser is no dependency of the service:
//
//	cd test/browser && go test ./...
//
// SPAZA_BROWSER_URL names a running service instead of a fresh one; CHROMIUM
// names the browser where it is not at a usual place. Without a browser the
// tests are skipped, and say so.
//
// The life of a test: a phone is opened on a page of its own with a number of
// its own, keys are pressed, and what the screen shows is compared. Whatever the
// page complains about on the way (an exception, a message of the browser, a
// breach of the content policy) fails the test.
//
// The package must not know what any menu says beyond what a test is about.
package browser
