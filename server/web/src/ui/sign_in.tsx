import { KeyRound } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import { signInWith } from './state';
import { Logo } from './logo';

export function SignIn({ wasWrong }: { wasWrong: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), [wasWrong]);
  const submit = (event: Event): void => {
    event.preventDefault();
    const key = input.current?.value.trim();
    if (key) signInWith(key);
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <Logo />
        <h1>Sign in</h1>
        <p class="muted">This server asks for an API key. It stays in this tab and is forgotten when you close it.</p>
        <label for="key">API key</label>
        <input
          id="key" ref={input} type="password" autocomplete="current-password" required
          aria-invalid={wasWrong} aria-describedby={wasWrong ? 'key-problem' : undefined}
        />
        {wasWrong && (
          <p id="key-problem" class="problem" role="alert">
            The server does not know this key. Whoever runs it finds the keys in the file that <code>OTTOBOT_API_KEYS</code>{' '}
            names; <code>ottobot doctor</code> says where that is.
          </p>
        )}
        <button class="primary" type="submit"><KeyRound aria-hidden="true" />Sign in</button>
      </form>
    </main>
  );
}
