// Package gsm7 is the 7-bit default alphabet of GSM networks with its extension
// table (3GPP TS 23.038, sections 6.2.1 and 6.2.1.1).
//
// It exists because a phone screen is measured in septets of this alphabet, not
// in characters: ^ { } \ [ ~ ] | € and the form feed take two, and a single
// character outside the alphabet turns a whole screen into UCS-2, which halves
// it. The life of a text: Fold brings it into the alphabet, Cost measures it,
// Cut breaks what is too long at a word, and Pack and Unpack keep it in seven
// bits a character.
//
// The package must not know languages, screens or gateways, nor how much room
// one has.
package gsm7
