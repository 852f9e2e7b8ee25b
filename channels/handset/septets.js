// What a text costs on a USSD screen or in an SMS. The alphabet is that of
// 3GPP TS 23.038, section 6.2.1.

const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà');
const EXTENSION = new Set('\f^{}\\[~]|€');

// measure returns what a text uses of the room of one screen: septets of 160,
// where extension characters cost two, or UTF-16 units of 80 as soon as one
// character is outside the alphabet.
export function measure(text) {
  let septets = 0;
  for (const c of text) {
    if (BASIC.has(c)) {
      septets += 1;
    } else if (EXTENSION.has(c)) {
      septets += 2;
    } else {
      return { used: text.length, limit: 80, alphabet: 'UCS-2' };
    }
  }
  return { used: septets, limit: 160, alphabet: 'GSM-7' };
}

// mask hides every run of 16 or more digits, also when it is written in groups:
// voucher PINs and tokens do not belong in a transcript.
export function mask(text) {
  return text.replace(/\d(?:[ -]?\d){15,}/g, (run) => run.replace(/\d/g, '•'));
}
