// Package channels translates between wire bytes and the neutral Turn and Reply
// of the dialog engine, one file per channel, and carries messages out.
//
// It exists so that a gateway's habits stay in one place. The life of a
// callback: the server bounds it, checks who sent it, and hands it to the
// adapter; the adapter decodes a Turn, asks the engine, and encodes the Reply as
// that gateway wants it. What can not be understood, or may not come in, is
// refused with the one line of its door, and nothing changes. Nothing of a
// refused request is logged but the path of the route and the status.
//
// Fiber is known to server.go alone. The package must not know what any menu
// says, nor money.
//
// # Adding a channel
//
//  1. Write <name>.go: a type with a constructor (engine first, then options)
//     and the line that it is a Channel. Its texts come in through the options.
//     What all USSD gateways share is in ussd.go; a walk through one more of them
//     is in docs/gateways.md.
//  2. Routes: each with a Guard, and a Sorry that the surface shows to a person
//     as it is. The server answers with it whatever was wrong, so nothing can be
//     learned from it. Where a surface proves itself otherwise than by a
//     key (a signature, a token in a header), ask for GuardOwn and say in Admit
//     who is let in: Handle is never called for a stranger.
//  3. Decode: bytes to a Turn. Number by msisdn.Parse, text UTF-8, every field
//     bounded, a field given twice refused; ErrMalformed or ErrForeign and no
//     half-made Turn. Say how a repetition is known: Cumulative where the text
//     grows, else Key where the surface numbers its messages. Caps is what one
//     screen holds.
//  4. Encode: a Reply to the exact bytes, with the status at which the surface
//     shows them. A Reply can always be shown, also when the engine returns an
//     error; the engine has reported it.
//  5. An end that the surface tells of is a Turn with Event Ended; what it
//     repeats of the conversation is not read.
//  6. Write <name>_test.go: three tables (bytes to Turn; what is refused, and
//     that the engine was not asked; Reply to bytes) and a fuzz target for
//     Decode. Guards, limits, panics and times need none: they are the
//     server's.
//  7. Mount it in cmd/spaza/wire_doors.go.
//
// A way out for messages is a Messenger beside it: its errors hold neither the
// number, nor the text, nor a key.
package channels
