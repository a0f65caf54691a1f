import { describe, expect, it } from 'vitest';
import { errorOf, toApiError, unreachable } from '../src/api/errors';

describe('an error', () => {
  it('is told in the words of the server', () => {
    const error = errorOf(400, JSON.stringify({
      error: 'Bad Request', message: 'Validation failed', hint: 'see /docs', details: [{ field: 'timeout', message: 'must be 300 to 7200' }],
    }), null);
    expect(error.lines).toEqual(['Validation failed', 'timeout: must be 300 to 7200']);
    expect(error.hint).toBe('see /docs');
    expect(error.mayPass).toBe(false);
  });

  it('does not say the same thing twice', () => {
    const body = { message: 'model: there is no such model', details: [{ field: 'model', message: 'there is no such model' }] };
    expect(errorOf(400, JSON.stringify(body), null).lines).toEqual(['model: there is no such model']);
  });

  it('names its status when a proxy answers something else', () => {
    expect(errorOf(502, '<html>Bad Gateway</html>', null).message).toBe('The server answered with status 502');
  });

  it('may pass when the server is away, busy or slow, as late as it says', () => {
    expect(unreachable().mayPass).toBe(true);
    const busy = errorOf(429, '{"message":"too many"}', '7');
    expect(busy.mayPass).toBe(true);
    expect(busy.retryAfterMs).toBe(7000);
    expect(errorOf(503, '{}', null).retryAfterMs).toBeUndefined();
    expect(errorOf(409, '{}', null).mayPass).toBe(false);
  });

  it('can be made of whatever was thrown', () => {
    expect(toApiError(new Error('odd')).message).toBe('odd');
    expect(toApiError('plain').message).toBe('plain');
  });
});
