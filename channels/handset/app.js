// The page: joins the phone, the gateway, the SMS and the panels beside them.

import { PROBLEM, TIMED_OUT, Session, deepDial } from './gateway.js';
import { Inbox } from './inbox.js';
import { Phone } from './phone.js';
import { mask, measure } from './septets.js';

const $ = (id) => document.getElementById(id);
const element = (name, className, text) => {
  const e = document.createElement(name);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
};
const hhmm = (date) => date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

const about = { code: '*120*384#', msisdn: '27821234567', networks: [], hints: [] };
let session = null;
let messages = [];

// --- the line ---

const phone = new Phone(document, {
  dial(dialled) {
    const deep = deepDial(about.code, dialled);
    if (deep === null) {
      journal({ kind: 'dial', dialled, msisdn: number(), network: $('network').value });
      journal({ kind: 'screen', good: false, text: PROBLEM });
      return phone.notice(PROBLEM);
    }
    const line = {
      code: about.code,
      msisdn: number(),
      network: $('network').value,
      twice: () => $('twice').checked,
      limits: () => $('limits').checked,
    };
    session = new Session(line, journal, () => phone.notice(TIMED_OUT));
    follow(session, session.open(deep, dialled));
  },
  reply(input) { follow(session, session.reply(input)); },
  hangUp() { session?.hangUp(); },
  read() { setUnread(0); },
});

// follow shows the wait and then the screen that comes, unless the session it
// belongs to is no longer the one on the phone.
async function follow(of, coming) {
  phone.waiting();
  drawSession();
  const screen = await coming;
  drawSession();
  if (screen === null || of !== session) return;
  if (screen.kind === 'continue') phone.reply(screen.text);
  else phone.notice(screen.text, screen.kind === 'end' ? screen.text : '');
}

function drawSession() {
  const open = session !== null && !session.over;
  $('drop').disabled = !open;
  const s = open ? Math.floor(session.elapsed / 1000) : 0;
  $('elapsed').textContent = open ? `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}` : '';
}

$('drop').addEventListener('click', () => {
  session?.drop();
  drawSession();
  phone.setSignal(false);
  phone.notice('Connection lost.');
  setTimeout(() => phone.setSignal(true), 2_500);
});

addEventListener('pagehide', () => session?.hangUp());

// --- keys ---

const press = {
  call: () => phone.call(),
  end: () => { phone.end(); drawSession(); },
  clear: () => phone.backspace(),
  'soft-left': () => phone.softLeft(),
  'soft-right': () => { phone.softRight(); drawSession(); },
  up: () => phone.scroll(-1),
  down: () => phone.scroll(1),
};

for (const key of document.querySelectorAll('[data-key]')) {
  key.addEventListener('click', () => (press[key.dataset.key] ?? (() => phone.type(key.dataset.key)))());
}

// A click must not move the focus: Enter afterwards means Send, not the key
// that was clicked last.
document.addEventListener('mousedown', (e) => {
  if (e.target.closest('button')) e.preventDefault();
});

const physical = { Enter: 'call', Escape: 'end', Backspace: 'clear', ArrowUp: 'up', ArrowDown: 'down' };

document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
  if (e.target.closest('select, input:not([type=checkbox])')) return;
  if ((e.key === 'Enter' || e.key === ' ') && e.target.closest('button, summary, a')) return;
  if (e.key === ' ' && e.target.closest('input')) return;

  const name = physical[e.key];
  if (name === 'up' || name === 'down') {
    if (phone.scroll(name === 'up' ? -1 : 1)) e.preventDefault();
    return;
  }
  if (name) press[name]();
  else if (e.key.length === 1) phone.type(e.key);
  else return;
  e.preventDefault();
  flash(name ?? e.key);
});

function flash(name) {
  const key = document.querySelector(`[data-key="${CSS.escape(name)}"]`);
  if (!key) return;
  key.classList.add('pressed');
  setTimeout(() => key.classList.remove('pressed'), 120);
}

document.addEventListener('paste', (e) => {
  if (e.target.closest('select, input')) return;
  phone.type(e.clipboardData.getData('text').trim());
  e.preventDefault();
});

// --- number and network ---

// number is the valid number last seen; what is being typed does not count.
let valid = about.msisdn;
function number() { return valid; }

function normalise(text) {
  const digits = text.replace(/[\s+()-]/g, '').replace(/^0(?=\d{9}$)/, '27');
  return /^27\d{9}$/.test(digits) ? digits : null;
}

$('msisdn').addEventListener('change', () => {
  const n = normalise($('msisdn').value);
  $('msisdn').setAttribute('aria-invalid', String(n === null));
  if (n === null) return;
  $('msisdn').value = n;
  if (n !== valid) swap(() => { valid = n; watch(); });
});

$('network').addEventListener('change', () => swap(drawNetwork));

// swap is another SIM card: a conversation cannot outlive it.
function swap(change) {
  if (session && !session.over) phone.end();
  drawSession();
  change();
  remember();
  if (pointer) document.activeElement?.blur();
}

let pointer = false;
addEventListener('pointerdown', () => { pointer = true; }, true);
addEventListener('keydown', () => { pointer = false; }, true);

function drawNetwork() { phone.setOperator($('network').selectedOptions[0]?.textContent ?? ''); }

// Every tab is a phone of its own, and stays the same one when it is reloaded.
function remember() {
  sessionStorage.setItem('msisdn', valid);
  sessionStorage.setItem('network', $('network').value);
}

// --- SMS ---

let unread = 0;
function setUnread(n) {
  unread = n;
  phone.setMessages(messages, unread);
  $('unread').textContent = n === 0 ? '' : String(n);
}

const inbox = new Inbox((arrived, fresh) => {
  for (const m of arrived) {
    const at = new Date(m.at);
    messages.push({ text: m.text, time: hhmm(at) });
    const bubble = element('li', fresh ? 'bubble fresh' : 'bubble');
    bubble.append(element('p', '', m.text));
    const { used, limit, alphabet } = measure(m.text);
    const meta = element('p', 'meta', `${hhmm(at)} · ${used} ${limit === 160 ? 'septets' : 'characters'}, ${alphabet}`);
    bubble.append(meta);
    $('sms').append(bubble);
  }
  $('sms-empty').hidden = true;
  $('sms').scrollTop = $('sms').scrollHeight;
  setUnread(fresh ? unread + arrived.length : 0);
});

function watch() {
  messages = [];
  $('sms').replaceChildren();
  $('sms-empty').hidden = false;
  setUnread(0);
  inbox.watch(valid);
}

$('sms').addEventListener('click', () => setUnread(0));

// --- the transcript ---

function journal(e) {
  const line = (className, text) => {
    const li = element('li', className, text);
    $('log').append(li);
    return li;
  };
  $('log-empty').hidden = true;
  switch (e.kind) {
    case 'dial':
      line('dial', `☎ ${mask(e.dialled)}`).append(element('span', 'meta', ` +${e.msisdn} on ${e.network}${e.id ? ' · ' + e.id.slice(0, 14) + '…' : ''}`));
      break;
    case 'input':
      line('input', mask(e.text));
      break;
    case 'screen': {
      const li = line(e.good ? 'shown' : 'shown bad');
      li.append(element('pre', '', mask(e.text)));
      const m = measure(e.text);
      const facts = [];
      if (e.good) facts.push(e.end ? 'END' : 'CON', `${m.used}/${m.limit}`);
      else if (e.status !== undefined) facts.push(e.status === 0 ? 'no answer' : `HTTP ${e.status}, not CON or END`);
      if (e.ms !== undefined) facts.push(`${e.ms} ms`);
      li.append(element('span', e.good && m.used > m.limit ? 'meta over' : 'meta', facts.join(' · ')));
      if (e.twice) {
        li.append(element('span', e.twice.same ? 'verdict same' : 'verdict differs', e.twice.same ? '✓ sent twice, same answer' : '✗ sent twice, the answers differ'));
        if (!e.twice.same) li.append(element('pre', 'second', mask(e.twice.status === 0 ? '(no answer)' : e.twice.body)));
      }
      break;
    }
    case 'over':
      line('over', e.how)
        .append(element('span', 'meta', ` ${e.status} · ${e.hops} ${e.hops === 1 ? 'hop' : 'hops'} · ${(e.ms / 1000).toFixed(1)} s`));
      break;
    case 'drop':
      line('over', 'Network dropped').append(element('span', 'meta', ' the service is not told'));
      break;
    case 'event-refused':
      line('over bad', e.status === 0 ? 'The end notification was not answered' : `The end notification was refused: HTTP ${e.status}`);
      break;
  }
  $('log').scrollTop = $('log').scrollHeight;
}

$('forget').addEventListener('click', () => {
  $('log').replaceChildren();
  $('log-empty').hidden = false;
});

// --- start ---

async function start() {
  try {
    const r = await fetch('/handset/about');
    if (r.ok) Object.assign(about, await r.json());
  } catch {
    // The page may still dial; the phone will say what goes wrong.
  }
  for (const n of about.networks) {
    const o = element('option', '', n.name);
    o.value = n.code;
    $('network').append(o);
  }
  const network = sessionStorage.getItem('network');
  if (about.networks.some((n) => n.code === network)) $('network').value = network;
  valid = sessionStorage.getItem('msisdn') ?? about.msisdn;
  $('msisdn').value = valid;
  for (const h of [{ label: 'Open the shop', value: about.code }, ...about.hints]) {
    const b = element('button', 'hint');
    b.type = 'button';
    b.append(element('span', 'label', h.label), element('span', 'value', h.value));
    b.addEventListener('click', () => phone.replace(h.value.replace(/\s+/g, '')));
    const li = element('li');
    li.append(b);
    $('hints').append(li);
  }
  $('code').textContent = about.code;
  phone.lastDialled = about.code;
  phone.idle();
  drawNetwork();
  watch();
  const tick = () => phone.setTime(hhmm(new Date()));
  tick();
  setInterval(tick, 1_000);
  setInterval(drawSession, 500);
  document.documentElement.dataset.ready = 'true';
}

start();
