// Package dialog is the conversation engine: it turns a Turn into a Reply.
//
// It exists so that a conversation can be held over the worst network without
// being lost, doubled or mixed with another. The life of a turn:
//
//  1. The session of the customer is known from the last save (a hint) or
//     loaded. A turn that was answered already is answered with the identical
//     stored screen, and nothing else happens.
//  2. One step of the state machine decides: state and input give the next
//     state. Asking (composing a screen) is pure; answering may read but
//     changes nothing outside. Only declared moves are legal.
//  3. The session is saved by one compare-on-version script. The loser of a
//     race takes what the winner stored.
//  4. Only then, when the new state is one that does something, it is done. It
//     carries its reference, so it can be found and done again after a crash.
//     Its result is another step and another save.
//  5. The screen is folded into the alphabet of the surface, measured in
//     septets and paged.
//
// The engine must not know products, providers, money, gateways or any text
// but through keys.
package dialog
