// Ids of the server's own form: 21 characters. crypto.randomUUID() is not there on a page without TLS.
const kAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
const kLength = 21;

export function newId(source: Pick<Crypto, 'getRandomValues'> = crypto): string {
  let id = '';
  for (const byte of source.getRandomValues(new Uint8Array(kLength))) id += kAlphabet[byte & 63];
  return id;
}
