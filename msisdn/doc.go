// Package msisdn knows South African mobile numbers.
//
// It exists so that one number has one spelling inside: 27 and nine digits,
// however a person typed it or a gateway wrote it. The life of a number: Parse
// makes it canonical or refuses it, everything inside carries that spelling, and
// Local or Mask writes it for people. Airtime on a wrong number is lost, so what
// is not clearly a mobile number is refused, never mended.
//
// The package must not know channels, providers or products; how a gateway names
// the network of a caller is the channel's affair.
package msisdn
