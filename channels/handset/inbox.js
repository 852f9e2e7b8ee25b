// The SMS of one number, asked for every second and a half.

const EVERY_MS = 1_200;
const AFTER_FAILURE_MS = 6_000;

// Inbox calls arrived(messages, fresh) for what is new; fresh is false for what
// was there before anybody looked.
export class Inbox {
  #arrived;
  #msisdn = '';
  #after = 0;
  #round = 0;

  constructor(arrived) { this.#arrived = arrived; }

  // watch turns to another number and forgets the last one.
  watch(msisdn) {
    this.#msisdn = msisdn;
    this.#after = 0;
    this.#poll(++this.#round, false);
  }

  async #poll(round, fresh) {
    let pause = AFTER_FAILURE_MS;
    try {
      const q = new URLSearchParams({ msisdn: this.#msisdn, after: String(this.#after) });
      const r = await fetch('/handset/inbox?' + q, { signal: AbortSignal.timeout(5_000) });
      if (round !== this.#round) return;
      if (r.ok) {
        const { messages } = await r.json();
        if (round !== this.#round) return;
        if (messages.length > 0) {
          this.#after = messages.at(-1).id;
          this.#arrived(messages, fresh);
        }
        fresh = true;
        pause = EVERY_MS;
      }
    } catch {
      // The service is away; it is asked again.
    }
    if (round === this.#round) setTimeout(() => this.#poll(round, fresh), pause);
  }
}
