// Package whole runs the built service for tests of the whole: the binary as
// processes of its own, which can be killed, and a database that is nobody
// else's. It exists so that the tests which do so agree on how.
//
// The life of one test: Binary is built once for all tests of a package; a
// Process is made of it with its settings, started, awaited, killed and started
// again. What outlives the kills is the test's own: test/chatfake stands in for
// the messaging API.
//
// Nothing here takes a *testing.T where it may be called beside the test's own
// goroutine: what goes wrong comes back as an error. The package knows nothing of
// what is sold or said.
package whole
