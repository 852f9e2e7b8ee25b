// The gateway between the phone and the service, in the shape of Africa's
// Talking: form posts with the cumulative text, answers that begin with CON or
// END, and a notification when a session is over.

const CALLBACK = '/ussd/africastalking';
const EVENTS = '/ussd/africastalking/events';

// A gateway waits 10 s for an answer. The other two are what a customer in
// South Africa gets: 20 s for each screen, 180 s for everything.
const ANSWER_MS = 10_000;
const SCREEN_MS = 20_000;
const SESSION_MS = 180_000;

export const PROBLEM = 'Connection problem or invalid MMI code.';
export const TIMED_OUT = 'Session timed out.';

// deepDial splits what was dialled: '' for the code itself, '1*2' for
// *120*384*1*2#, null where it is not our code at all.
export function deepDial(code, dialled) {
  const base = code.slice(0, -1);
  if (dialled === code) return '';
  if (!dialled.startsWith(base + '*') || !dialled.endsWith('#')) return null;
  return dialled.slice(base.length + 1, -1);
}

// Session is one conversation. What it shows is a screen:
// {kind: 'continue' | 'end' | 'problem', text}. A screen is null when the
// session was over before the answer came.
//
// line: {code, msisdn, network}, twice() and limits(): the settings, read anew
// at every hop. journal: receives {kind, ...} for the transcript. expired: is
// called when a time limit ends the session.
export class Session {
  #line;
  #journal;
  #expired;
  #id = 'ATUid_' + Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
  #started = Date.now();
  #text = '';
  #hops = 0;
  #last = '';
  #over = false;
  #screenTimer = 0;
  #sessionTimer = 0;

  constructor(line, journal, expired) {
    this.#line = line;
    this.#journal = journal;
    this.#expired = expired;
  }

  get over() { return this.#over; }
  get elapsed() { return Date.now() - this.#started; }

  open(deep, dialled) {
    this.#journal({ kind: 'dial', dialled, id: this.#id, msisdn: this.#line.msisdn, network: this.#line.network });
    this.#sessionTimer = setTimeout(() => this.#timeUp(), SESSION_MS);
    this.#text = deep;
    return this.#hop();
  }

  reply(input) {
    clearTimeout(this.#screenTimer);
    this.#journal({ kind: 'input', text: input });
    this.#text = this.#text === '' ? input : this.#text + '*' + input;
    return this.#hop();
  }

  // hangUp is the red key: the gateway notices and says so.
  hangUp() { this.#close('Incomplete', 'Hung up'); }

  // drop is a lost network: nobody is told.
  drop() {
    if (this.#over) return;
    this.#finish();
    this.#journal({ kind: 'drop' });
  }

  async #hop() {
    this.#hops += 1;
    const form = {
      sessionId: this.#id,
      phoneNumber: '+' + this.#line.msisdn,
      networkCode: this.#line.network,
      serviceCode: this.#line.code,
      text: this.#text,
    };
    const first = await post(CALLBACK, form);
    const second = this.#line.twice() && !this.#over ? await post(CALLBACK, form) : null;
    if (this.#over) return null;

    const said = /^(CON|END) ([^]*)$/.exec(first.body);
    const good = first.status === 200 && said !== null;
    this.#journal({
      kind: 'screen',
      good,
      end: good && said[1] === 'END',
      text: good ? said[2] : PROBLEM,
      status: first.status,
      ms: first.ms,
      twice: second && { same: second.status === first.status && second.body === first.body, status: second.status, body: second.body },
    });
    if (!good) {
      this.#close('Failed', 'Session failed', first.status === 0 ? 'no answer' : 'bad answer, HTTP ' + first.status);
      return { kind: 'problem', text: PROBLEM };
    }
    this.#last = said[2];
    if (said[1] === 'END') {
      this.#close('Success', 'Session ended');
      return { kind: 'end', text: said[2] };
    }
    if (this.#line.limits()) this.#screenTimer = setTimeout(() => this.#timeUp(), SCREEN_MS);
    return { kind: 'continue', text: said[2] };
  }

  #timeUp() {
    if (this.#over || !this.#line.limits()) return;
    this.#close('Incomplete', 'Timed out');
    this.#expired();
  }

  #finish() {
    this.#over = true;
    clearTimeout(this.#screenTimer);
    clearTimeout(this.#sessionTimer);
  }

  async #close(status, how, errorMessage) {
    if (this.#over) return;
    this.#finish();
    const durationInMillis = Date.now() - this.#started;
    this.#journal({ kind: 'over', how, status, hops: this.#hops, ms: durationInMillis });
    const form = {
      date: new Date().toISOString().slice(0, 19).replace('T', ' '),
      sessionId: this.#id,
      serviceCode: this.#line.code,
      networkCode: this.#line.network,
      phoneNumber: '+' + this.#line.msisdn,
      status,
      cost: '0',
      durationInMillis: String(durationInMillis),
      hopsCount: String(this.#hops),
      input: this.#text,
      lastAppResponse: this.#last,
    };
    if (errorMessage) form.errorMessage = errorMessage;
    const told = await post(EVENTS, form, true);
    if (told.status !== 200) this.#journal({ kind: 'event-refused', status: told.status });
  }
}

// post sends one form, with keepalive also while the page is being left. A
// status of 0 means that no answer came in time.
async function post(path, form, keepalive = false) {
  const from = performance.now();
  const answer = { status: 0, body: '', ms: 0 };
  try {
    const r = await fetch(path, {
      method: 'POST',
      body: new URLSearchParams(form),
      signal: AbortSignal.timeout(ANSWER_MS),
      redirect: 'manual',
      keepalive,
    });
    answer.body = await r.text();
    answer.status = r.status;
  } catch {
    answer.body = '';
  }
  answer.ms = Math.round(performance.now() - from);
  return answer;
}
