import { webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodePath } from '../src/api/client';
import { newId } from '../src/api/ids';
import { holderOf } from '../src/desktop/control';
import { ago, bytes, cost, count, duration, expiry, firstLine, plural } from '../src/ui/format';

describe('figures', () => {
  it('are short', () => {
    expect([0, 1023, 1024, 150_000, 5 * 2 ** 30].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '146 KiB', '5.0 GiB']);
    expect([7, 1234, 45_678, 1_234_567].map(count)).toEqual(['7', '1.2k', '46k', '1.2M']);
    expect([0.0012, 3.456].map(cost)).toEqual(['$0.0012', '$3.46']);
    expect([40, 1500, 42_000, 300_000, 5_400_000, 3 * 86_400_000].map(duration)).toEqual(['40 ms', '1.5 s', '42 s', '5 min', '1 h 30 min', '3 days']);
    expect([plural(1, 'step'), plural(2, 'step')]).toEqual(['1 step', '2 steps']);
  });

  it('tell times as a distance', () => {
    expect([ago(0, 5000), ago(0, 600_000)]).toEqual(['just now', '10 min ago']);
    expect([expiry(600_000, 0), expiry(5000, 0), expiry(0, 1)]).toEqual(['10 min left', '1 min left', 'expiring']);
  });
});

describe('small things', () => {
  it('names a session by its first line', () => expect(firstLine('\n  Build it\nwell')).toBe('Build it'));
  it('keeps folders in a path and nothing else', () => expect(encodePath('a b/ü?#.txt')).toBe('a%20b/%C3%BC%3F%23.txt'));
  it('makes ids of the server’s form', () => {
    expect(newId(webcrypto as Crypto)).toMatch(/^[A-Za-z0-9_-]{21}$/);
    expect(newId(webcrypto as Crypto)).not.toBe(newId(webcrypto as Crypto));
  });
});

describe('control of a desktop', () => {
  const state = (controller: string | null, agent_input: 'free' | 'parked') => ({ viewers: [], controller, agent_input });
  it('is the agent’s, yours, or another’s', () => {
    expect(holderOf(state(null, 'free'), 'me')).toBe('agent');
    expect(holderOf(state('me', 'parked'), 'me')).toBe('you');
    expect(holderOf(state('you', 'parked'), 'me')).toBe('other');
    expect(holderOf(state(null, 'parked'), 'me')).toBe('other');
  });
});
