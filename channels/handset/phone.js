// The phone itself: its screen, its keys, and what each key does in each view.
// It knows neither the gateway nor HTTP.

import { measure } from './septets.js';

const ENTRY_MAX = 182; // septets of a USSD string, 3GPP TS 23.038

// The soft keys of every view, and whether it has an entry line.
const VIEWS = {
  idle: { left: 'Messages', right: 'Redial' },
  dialling: { left: 'Call', right: 'Clear', entry: true },
  waiting: { left: '', right: 'Cancel' },
  reply: { left: 'Send', right: 'Cancel', entry: true },
  notice: { left: 'OK', right: '' },
  messages: { left: 'Next', right: 'Back' },
};

// Phone draws on the elements under root. line carries what the keys start:
// dial(digits), reply(input), hangUp(), read().
export class Phone {
  #el = {};
  #line;
  #view = 'idle';
  #entry = '';
  #messages = [];
  #shown = 0;
  #unread = 0;

  // lastDialled is what Redial offers.
  lastDialled = '';

  constructor(root, line) {
    for (const name of ['lcd', 'bars', 'operator', 'mail', 'time', 'idle', 'clock', 'note', 'screen', 'entry', 'typed',
      'left', 'right', 'more', 'alphabet', 'count']) {
      this.#el[name] = root.querySelector('#' + name);
    }
    this.#line = line;
    this.#el.screen.addEventListener('scroll', () => this.#drawMore());
    this.#draw();
  }

  get view() { return this.#view; }

  // waiting, reply, notice and idle are the views that the line asks for.
  waiting() { this.#show('waiting', 'USSD code running…'); }
  reply(text) { this.#show('reply', text, text); }
  notice(text, measured = '') { this.#show('notice', text, measured); }
  idle() { this.#show('idle'); }

  setOperator(name) { this.#el.operator.textContent = name; }

  setSignal(on) { this.#el.bars.classList.toggle('lost', !on); }

  setTime(text) {
    this.#el.time.textContent = text;
    this.#el.clock.textContent = text;
  }

  // setMessages hands over every message, oldest first, and how many of them
  // nobody has read.
  setMessages(messages, unread) {
    this.#messages = messages;
    this.#unread = unread;
    this.#draw();
  }

  // type adds what a key or a paste gives. While dialling only what a keypad has
  // counts.
  type(text) {
    if (this.#view === 'idle' || this.#view === 'dialling') {
      text = text.replace(/[^0-9*#+]/g, '');
      if (text === '') return;
      if (this.#view === 'idle') this.#show('dialling');
    } else if (this.#view !== 'reply') {
      return;
    }
    this.#entry = (this.#entry + text.replace(/[\r\n]+/g, ' ')).slice(0, ENTRY_MAX);
    this.#draw();
  }

  // replace puts a whole value in place of what was typed.
  replace(text) {
    if (this.#view === 'notice' || this.#view === 'messages') this.#show('idle');
    if (this.#view === 'reply' || this.#view === 'dialling') this.#entry = '';
    this.type(text);
  }

  backspace() {
    this.#entry = this.#entry.slice(0, -1);
    if (this.#view === 'dialling' && this.#entry === '') return this.#show('idle');
    this.#draw();
  }

  // call is the green key, and Enter.
  call() {
    switch (this.#view) {
      case 'idle': return this.#redial();
      case 'dialling': {
        this.lastDialled = this.#entry;
        return this.#line.dial(this.#entry);
      }
      case 'reply': return this.#entry === '' ? undefined : this.#line.reply(this.#entry);
      case 'notice': return this.#show('idle');
    }
  }

  // end is the red key, and Escape.
  end() {
    if (this.#view === 'waiting' || this.#view === 'reply') this.#line.hangUp();
    this.#show('idle');
  }

  softLeft() {
    switch (this.#view) {
      case 'idle': return this.#openMessages();
      case 'messages': return this.#openMessage(this.#shown === 0 ? this.#messages.length - 1 : this.#shown - 1);
      default: return this.call();
    }
  }

  softRight() {
    switch (this.#view) {
      case 'idle': return this.#redial();
      case 'dialling': return this.backspace();
      case 'notice': return;
      default: return this.end();
    }
  }

  scroll(lines) {
    const s = this.#el.screen;
    if (s.scrollHeight <= s.clientHeight) return false;
    s.scrollTop += lines * parseFloat(getComputedStyle(s).lineHeight);
    return true;
  }

  #redial() { this.type(this.lastDialled); }

  #openMessages() {
    if (this.#messages.length === 0) return this.notice('No messages.');
    this.#openMessage(this.#messages.length - 1);
  }

  #openMessage(i) {
    this.#shown = i;
    const m = this.#messages[i];
    const place = `${this.#messages.length - i}/${this.#messages.length}`;
    this.#show('messages', `${place}  SMS  ${m.time}\n${m.text}`, m.text);
    this.#line.read();
  }

  #show(view, text = '', measured = '') {
    this.#view = view;
    this.#entry = '';
    this.#el.screen.textContent = text;
    this.#el.screen.scrollTop = 0;
    const { used, limit, alphabet } = measure(measured);
    this.#el.alphabet.textContent = measured === '' ? '' : alphabet;
    this.#el.count.textContent = measured === '' ? '' : `${used}/${limit}`;
    this.#el.count.classList.toggle('over', used > limit);
    this.#draw();
  }

  #draw() {
    const { left, right, entry } = VIEWS[this.#view];
    const idle = this.#view === 'idle';
    this.#el.lcd.dataset.view = this.#view;
    this.#el.left.textContent = idle && this.#unread > 0 ? 'Read' : this.#view === 'messages' && this.#messages.length < 2 ? '' : left;
    this.#el.right.textContent = idle && this.lastDialled === '' ? '' : right;
    this.#el.idle.hidden = !idle;
    this.#el.screen.hidden = idle || this.#view === 'dialling';
    this.#el.entry.hidden = !entry;
    this.#el.typed.textContent = this.#entry;
    this.#el.typed.scrollLeft = this.#el.typed.scrollWidth;
    this.#el.mail.hidden = this.#unread === 0;
    this.#el.note.textContent = this.#unread === 0 ? '' : this.#unread === 1 ? '1 message received' : `${this.#unread} messages received`;
    this.#drawMore();
  }

  #drawMore() {
    const s = this.#el.screen;
    const below = s.scrollHeight - s.clientHeight - s.scrollTop > 2;
    this.#el.more.textContent = s.hidden || s.scrollHeight <= s.clientHeight + 2 ? '' : below ? '▼' : '▲';
  }
}
