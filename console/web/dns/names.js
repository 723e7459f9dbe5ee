// Names of the DNS as people read and sort them. Pure: no DOM.

// labels splits a name at its dots that are no escaped ones.
export function labels(name) {
  return name.match(/(?:\\.|[^.\\])+/gs) ?? [];
}

// place returns a text that sorts as a host does among the names of its zone in canonical order
// (RFC 4034, section 6.1): by the labels from the right, a name before those below it.
export function place(host) {
  return host === '@' ? '' : labels(host.toLowerCase()).reverse().join('\u0001');
}

// fullName returns the name of a host in a zone, without the final dot.
export function fullName(host, zone) {
  return host === '@' ? zone : host.endsWith('.') ? host.slice(0, -1) : `${host}.${zone}`;
}

// shown returns a name with its IDN labels in their own script. A label that is no punycode stays.
export function shown(name) {
  return name.includes('xn--') || name.includes('XN--')
    ? name.replace(/(^|\.)xn--([a-z0-9-]+)/gi, (whole, dot, encoded) => {
      const decoded = decodePunycode(encoded);
      return decoded === null ? whole : dot + decoded;
    })
    : name;
}

// decodePunycode decodes a label behind its xn-- (RFC 3492), null where it is none.
function decodePunycode(encoded) {
  const base = 36, tMin = 1, tMax = 26, skew = 38, damp = 700;
  const cut = encoded.lastIndexOf('-');
  const output = [...encoded.slice(0, Math.max(0, cut)).toLowerCase()];
  let n = 128, i = 0, bias = 72, at = cut < 0 ? 0 : cut + 1;
  while (at < encoded.length) {
    const start = i;
    for (let weight = 1, k = base; ; k += base) {
      if (at >= encoded.length) return null;
      const code = encoded.charCodeAt(at++) | 32;
      const digit = code >= 97 ? code - 97 : code - 48 + 26;
      if (digit < 0 || digit >= base) return null;
      i += digit * weight;
      const t = Math.min(tMax, Math.max(tMin, k - bias));
      if (digit < t) break;
      weight *= base - t;
    }
    const length = output.length + 1;
    let delta = start === 0 ? Math.floor((i - start) / damp) : (i - start) >> 1;
    delta += Math.floor(delta / length);
    let k = 0;
    for (; delta > ((base - tMin) * tMax) >> 1; k += base) delta = Math.floor(delta / (base - tMin));
    bias = k + Math.floor(((base - tMin + 1) * delta) / (delta + skew));
    n += Math.floor(i / length);
    i %= length;
    if (n > 0x10ffff || (n >= 0xd800 && n < 0xe000)) return null;
    output.splice(i++, 0, String.fromCodePoint(n));
  }
  return output.join('');
}

// types are the types of records that people choose from, the common ones first.
export const types = ['A', 'AAAA', 'CNAME', 'MX', 'TXT', 'NS', 'SRV', 'CAA', 'PTR',
  'AFSDB', 'APL', 'CDNSKEY', 'CDS', 'CERT', 'CSYNC', 'DHCID', 'DLV', 'DNAME', 'DNSKEY', 'DS', 'EUI48', 'EUI64', 'GPOS', 'HINFO', 'HIP', 'HTTPS',
  'ISDN', 'KEY', 'KX', 'L32', 'L64', 'LOC', 'LP', 'MB', 'MG', 'MINFO', 'MR', 'NAPTR', 'NID', 'OPENPGPKEY', 'PX', 'RP', 'RT', 'SMIMEA', 'SPF', 'SSHFP',
  'SVCB', 'TALINK', 'TLSA', 'URI', 'X25', 'ZONEMD'];

// valueHint says how a value of a type is written.
export const valueHint = {
  A: '192.0.2.1', AAAA: '2001:db8::1', CNAME: 'www.example.com.', NS: 'ns1.example.com.', PTR: 'host.example.com.', DNAME: 'example.net.',
  MX: '10 mail.example.com.', SRV: '0 5 443 www.example.com.', CAA: '0 issue "letsencrypt.org"', TXT: 'v=spf1 mx -all',
  HTTPS: '1 . alpn=h2', SVCB: '1 . alpn=h2', TLSA: '3 1 1 d2abde…', SSHFP: '4 2 123456…', NAPTR: '100 10 "U" "E2U+sip" "!^.*$!sip:a@example.com!" .',
  DS: '60485 13 2 d4b7d5…', LOC: '52 22 23 N 4 53 32 E -2m', URI: '10 1 "https://example.com/"',
};

// sortKeys are how the columns of records are sorted: by what a text or number returns.
export const sortKeys = {
  newest: (r) => -r.id,
  host: (r) => place(r.host),
  record_type: (r) => r.record_type,
  ttl: (r) => Number(r.ttl),
  value: (r) => valueKey(r.record_type, r.value),
  view_name: (r) => r.view_name,
  comment: (r) => r.comment.toLowerCase(),
};

// valueKey sorts addresses by their number, what begins with a preference by that, and the rest as texts.
function valueKey(type, value) {
  if (type === 'A') return value.split('.').map((part) => part.padStart(3, '0')).join('.');
  return value.toLowerCase().replace(/^\d+/, (digits) => digits.padStart(10, '0'));
}
