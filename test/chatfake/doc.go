// Package chatfake plays the chat APIs that Spaza speaks to, over real HTTP: it
// keeps what was sent to whom, makes the webhooks that people's doings cause, and
// fails, throttles and dawdles on demand.
//
// It exists so that the whole service can be judged from a customer's side of the
// chat. It knows the published APIs only, imports nothing but the standard
// library, and shares no code with what it judges.
package chatfake
