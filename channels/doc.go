// Package channels translates between wire bytes and the neutral Turn and Reply
// of the dialog engine, one file per channel, and carries messages out.
//
// It exists so that a gateway's habits stay in one place. The life of a
// callback: the server bounds it, checks who sent it, and hands it to the
// adapter; the adapter decodes a Turn, asks the engine, and encodes the Reply as
// that gateway wants it. What an adapter cannot understand it refuses with a
// screen that a person understands, and nothing changes.
//
// Fiber is known to server.go alone. The package must not know what any menu
// says, nor money.
package channels
